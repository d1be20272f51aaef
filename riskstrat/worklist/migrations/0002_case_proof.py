from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("worklist", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="case",
            name="proof",
            field=models.CharField(blank=True, default="", max_length=100),
        ),
    ]
