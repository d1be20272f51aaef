"""Every address of the worklist: each module of pages lists its own."""

from itertools import chain

from riskstrat.worklist.views import (
    accounts,
    actions,
    administration,
    agenda,
    attempts,
    cases,
    home,
    lists,
    logs,
    meeting,
    objections,
    opinions,
    oversight,
    persons,
    provider,
    records,
    referrals,
    releases,
    reports,
    reserve,
)

MODULES = (
    *(home, accounts, provider, administration, lists, agenda, meeting, actions, cases),
    *(oversight, logs),
    *(persons, opinions, referrals, reports, releases, objections, attempts, reserve, records),
)
"""The modules of pages; one that is not named here has no address."""

urlpatterns = list(chain.from_iterable(module.urlpatterns for module in MODULES))
"""Django reads this name."""

handler403 = "riskstrat.worklist.views.home.show_not_allowed"
handler404 = "riskstrat.worklist.views.home.show_not_found"
handler500 = "riskstrat.worklist.views.home.show_failure"
