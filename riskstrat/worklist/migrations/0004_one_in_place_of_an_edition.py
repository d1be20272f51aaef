from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("worklist", "0003_taken_up"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="takenup", name="one_in_place"),
        migrations.AddConstraint(
            model_name="takenup",
            constraint=models.UniqueConstraint(
                fields=("in_place_of", "list_date", "edition"), name="one_in_place"
            ),
        ),
    ]
