"""Django's settings as the type checker reads them: the models and nothing of a site."""

from pathlib import Path
from typing import Any

from riskstrat.worklist.django_settings import APPS

SECRET_KEY = "of no server"  # noqa: S105
INSTALLED_APPS = list(APPS)
AUTH_USER_MODEL = "worklist.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
RISKSTRAT_WORKSPACE: Any = None
RISKSTRAT_RULES: Any = None
RISKSTRAT_LISTS = Path()
RISKSTRAT_TEAMS: dict[str, str] = {}
RISKSTRAT_IDLE_SECONDS = 0
