"""The worklist as Django knows it."""

from django.apps import AppConfig


class WorklistConfig(AppConfig):
    """One application: accounts, cases, decisions and the log of looks."""

    name = "riskstrat.worklist"
    label = "worklist"
    verbose_name = "Worklist"
    default_auto_field = "django.db.models.BigAutoField"
