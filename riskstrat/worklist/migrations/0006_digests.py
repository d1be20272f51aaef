from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('worklist', '0005_record_entries'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='digest_sent_on',
            field=models.DateField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='user',
            name='digest_to',
            field=models.EmailField(blank=True, max_length=254, verbose_name='e-mail for the digest'),
        ),
    ]
