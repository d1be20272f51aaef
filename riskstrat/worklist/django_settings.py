"""What Django is told: everything that is not the site's to decide, and what riskstrat.toml says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from riskstrat.definitions.worklist_settings import WorklistSettings
from riskstrat.worklist.folder import describe_database, read_secret_key
from riskstrat.worklist.provider_settings import PROVIDER_BACKEND, describe_provider

if TYPE_CHECKING:
    from riskstrat.workspace import Workspace

HERE = Path(__file__).resolve().parent
LONGEST_SESSION = 12 * 3600
"""Seconds after which somebody signs in again, however busy: a working day."""

LARGEST_FORM, MOST_FIELDS = 256 * 1024, 500
"""Bytes and fields of a form that is sent: the largest page of entries has a tenth of either."""

HASHER = "django.contrib.auth.hashers.ScryptPasswordHasher"

APPS = (
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "axes",
    "riskstrat.worklist",
    "django.contrib.admin",
)
MIDDLEWARE = (
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "riskstrat.worklist.access.RequireRule",
    "axes.middleware.AxesMiddleware",
)


def build_django_settings(workspace: Workspace) -> dict[str, Any]:
    """Django's settings for the worklist of a workspace. Raises StorageError and WorkspaceError as the folder does."""
    root, settings = workspace.root, workspace.settings.worklist
    return {
        "SECRET_KEY": read_secret_key(root, settings),
        "DEBUG": False,
        "ALLOWED_HOSTS": list(settings.hosts),
        "DATABASES": {"default": describe_database(root, settings)},
        "RISKSTRAT_WORKSPACE": workspace,
        "RISKSTRAT_LISTS": root / workspace.settings.lists.folder,
        "RISKSTRAT_TEAMS": {team.code: team.name for team in workspace.settings.teams},
        "RISKSTRAT_RULES": settings,
        **_describe_application(),
        **_describe_accounts(settings),
        **_describe_transport(settings),
        **describe_provider(settings.sign_in),
    }


def _describe_application() -> dict[str, Any]:
    return {
        "INSTALLED_APPS": list(APPS),
        "MIDDLEWARE": list(MIDDLEWARE),
        "ROOT_URLCONF": "riskstrat.worklist.urls",
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.jinja2.Jinja2",
                "DIRS": [HERE / "templates"],
                "OPTIONS": {"environment": "riskstrat.worklist.rendering.build_environment"},
            },
            # The pages of Django's own admin are written for Django's own engine.
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            },
        ],
        "STATIC_URL": "/static/",
        "STATICFILES_DIRS": [HERE / "static"],
        "WHITENOISE_USE_FINDERS": True,
        "WHITENOISE_AUTOREFRESH": False,
        "LANGUAGE_CODE": "en-gb",
        "TIME_ZONE": "Europe/London",
        "USE_TZ": True,
        "DATA_UPLOAD_MAX_MEMORY_SIZE": LARGEST_FORM,
        "DATA_UPLOAD_MAX_NUMBER_FIELDS": MOST_FIELDS,
        "DATA_UPLOAD_MAX_NUMBER_FILES": 1,
        "FILE_UPLOAD_HANDLERS": ["django.core.files.uploadhandler.MemoryFileUploadHandler"],
        # No request's content goes to a log, and no mail is sent but what the site turns on.
        "LOGGING_CONFIG": None,
        "EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend",
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        # It asks for locking addresses out, and behind a proxy every request has the proxy's.
        "SILENCED_SYSTEM_CHECKS": ["axes.W006"],
    }


def _describe_accounts(settings: WorklistSettings) -> dict[str, Any]:
    passwords = "django.contrib.auth.password_validation."
    return {
        "AUTH_USER_MODEL": "worklist.User",
        "AUTHENTICATION_BACKENDS": [
            "axes.backends.AxesStandaloneBackend",
            "django.contrib.auth.backends.ModelBackend",
            *([PROVIDER_BACKEND] if settings.sign_in.client_id else []),
        ],
        "PASSWORD_HASHERS": [HASHER],
        "AUTH_PASSWORD_VALIDATORS": [
            {"NAME": f"{passwords}UserAttributeSimilarityValidator"},
            {"NAME": f"{passwords}MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
            {"NAME": f"{passwords}CommonPasswordValidator"},
            {"NAME": f"{passwords}NumericPasswordValidator"},
        ],
        "LOGIN_URL": "sign-in",
        "LOGIN_REDIRECT_URL": "home",
        "LOGOUT_REDIRECT_URL": "sign-in",
        "AXES_FAILURE_LIMIT": 5,
        "AXES_COOLOFF_TIME": 0.5,  # hours
        "AXES_LOCKOUT_PARAMETERS": ["username"],
        "AXES_RESET_ON_SUCCESS": True,
        "AXES_ENABLE_ACCESS_FAILURE_LOG": False,
        "AXES_DISABLE_ACCESS_LOG": True,
        "AXES_SENSITIVE_PARAMETERS": ["username", "ip_address"],
        # Where no password is given there is none to guess, and no account to lock.
        "AXES_WHITELIST_CALLABLE": "riskstrat.worklist.provider.is_without_password",
        "AXES_LOCKOUT_CALLABLE": "riskstrat.worklist.views.accounts.show_lockout",
        "OTP_TOTP_ISSUER": "Worklist",
        "SESSION_ENGINE": "django.contrib.sessions.backends.db",
        "SESSION_COOKIE_AGE": LONGEST_SESSION,
        "SESSION_EXPIRE_AT_BROWSER_CLOSE": True,
        "SESSION_COOKIE_HTTPONLY": True,
        # Whoever comes back from a provider comes from another site, and brings the session that asked.
        "SESSION_COOKIE_SAMESITE": "Lax" if settings.sign_in.client_id else "Strict",
        "CSRF_COOKIE_SAMESITE": "Strict",
        "CSRF_COOKIE_HTTPONLY": True,
        "CSRF_FAILURE_VIEW": "riskstrat.worklist.views.accounts.show_csrf_refusal",
        "RISKSTRAT_IDLE_SECONDS": settings.idle_minutes * 60,
    }


def _describe_transport(settings: WorklistSettings) -> dict[str, Any]:
    """Headers, cookies and the content policy: nothing inline, and nothing from any other host."""
    own = ["'self'"]
    policy = {
        "default-src": ["'none'"],
        "script-src": own,
        "style-src": own,
        "img-src": own,
        "font-src": own,
        "connect-src": own,
        "manifest-src": own,
        "form-action": own,
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    }
    return {
        "CONTENT_SECURITY_POLICY": {"DIRECTIVES": policy},
        "X_FRAME_OPTIONS": "DENY",
        "SECURE_CONTENT_TYPE_NOSNIFF": True,
        "SECURE_REFERRER_POLICY": "same-origin",
        "SECURE_CROSS_ORIGIN_OPENER_POLICY": "same-origin",
        "SESSION_COOKIE_SECURE": settings.https,
        "CSRF_COOKIE_SECURE": settings.https,
        "SESSION_COOKIE_NAME": "__Host-session" if settings.https else "session",
        "CSRF_COOKIE_NAME": "__Host-csrf" if settings.https else "csrf",
        "SECURE_SSL_REDIRECT": settings.https,
        "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https") if settings.https else None,
        "SECURE_HSTS_SECONDS": 365 * 24 * 3600 if settings.https else 0,
        "SECURE_HSTS_INCLUDE_SUBDOMAINS": settings.https,
        "SECURE_HSTS_PRELOAD": settings.https,
    }
