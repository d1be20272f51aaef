import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('worklist', '0004_one_in_place_of_an_edition'),
    ]

    operations = [
        migrations.CreateModel(
            name='RecordEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('list_date', models.DateField()),
                ('outcome', models.CharField(max_length=60)),
                ('code', models.CharField(max_length=18)),
                ('term', models.CharField(max_length=200)),
                ('practice', models.CharField(max_length=200)),
                ('confirmed_at', models.DateTimeField()),
                ('due_on', models.DateField(db_index=True)),
                ('written_by', models.CharField(blank=True, max_length=80)),
                ('written_on', models.DateField(null=True)),
                ('ticked_at', models.DateTimeField(null=True)),
                ('taken_back_at', models.DateTimeField(null=True)),
                ('version', models.PositiveIntegerField(default=1)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='record_entries', to='worklist.case')),
                ('confirmed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('taken_back_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('ticked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'entry for the GP record',
                'verbose_name_plural': 'entries for the GP record',
                'constraints': [models.UniqueConstraint(condition=models.Q(('taken_back_at', None)), fields=('case', 'list_date', 'outcome'), name='one_entry_confirmed')],
            },
        ),
    ]
