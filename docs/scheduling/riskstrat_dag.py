"""riskstrat by Airflow 3: refresh every day; on Mondays ingest and this week's list; then status. Change the paths."""

from datetime import datetime, timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

RISKSTRAT = "/opt/riskstrat/bin/riskstrat"
WORKSPACE = "/srv/riskstrat/borough"
TODAY = "/srv/riskstrat/today"
NOTHING_TO_DO = 16

SINCE = datetime(2026, 1, 5)
DEFAULTS = {"retries": 1, "retry_delay": timedelta(minutes=10), "execution_timeout": timedelta(hours=3)}

with DAG(
    "riskstrat_daily", schedule="30 5 * * *", start_date=datetime(2026, 1, 5), catchup=False, default_args=DEFAULTS
):
    refresh = BashOperator(task_id="refresh", bash_command=f"{RISKSTRAT} refresh {TODAY} -w {WORKSPACE} --wait")
    status = BashOperator(task_id="status", bash_command=f"{RISKSTRAT} status -w {WORKSPACE}", retries=0)
    refresh >> status

with DAG(
    "riskstrat_monday", schedule="0 3 * * 1", start_date=datetime(2026, 1, 5), catchup=False, default_args=DEFAULTS
):
    ingest = BashOperator(task_id="ingest", bash_command=f"{RISKSTRAT} ingest -w {WORKSPACE} --wait")
    refresh_after = BashOperator(task_id="refresh", bash_command=f"{RISKSTRAT} refresh {TODAY} -w {WORKSPACE} --wait")
    weekly = BashOperator(
        task_id="weekly",
        bash_command=f"{RISKSTRAT} weekly --if-fresh -w {WORKSPACE} --wait",
        # The task counts as skipped, and not as failed, where there is nothing to do.
        skip_on_exit_code=NOTHING_TO_DO,
    )
    ingest >> refresh_after >> weekly
