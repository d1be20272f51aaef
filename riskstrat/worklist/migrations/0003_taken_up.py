import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("worklist", "0002_case_proof"),
    ]

    operations = [
        migrations.CreateModel(
            name="TakenUp",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("list_date", models.DateField()),
                ("edition", models.PositiveIntegerField()),
                ("in_place_of", models.CharField(db_index=True, max_length=16)),
                (
                    "why",
                    models.CharField(
                        choices=[
                            ("died", "The person has died"),
                            ("moved", "The person has moved away"),
                            ("objected", "The person objected or opted out"),
                            ("declined", "The person declined"),
                            ("closed", "The case was closed before the meeting"),
                        ],
                        max_length=20,
                    ),
                ),
                ("words", models.CharField(blank=True, max_length=2000)),
                ("taken_at", models.DateTimeField()),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="taken_up", to="worklist.case"
                    ),
                ),
                (
                    "taken_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("case", "list_date"), name="taken_up_once"),
                    models.UniqueConstraint(fields=("in_place_of", "list_date"), name="one_in_place"),
                ],
            },
        ),
    ]
