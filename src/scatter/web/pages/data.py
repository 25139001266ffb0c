"""The page of charts."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from scatter.web.api.access import Desk
from scatter.web.pages.rendering import page, workspace_values
from scatter.web.record.record import DENSE
from scatter.web.views.amounts import gas_by_function, time_in_states
from scatter.web.views.charts import KINDS, MOST_LINES

router = APIRouter()


@router.get("/w/{workspace}/data")
async def show(
    request: Request,
    workspace: str,
    desk: Desk,
    run: int | None = None,
    also: Annotated[list[int] | None, Query(max_length=20)] = None,
    by: Literal["auto", "node", "role"] = "auto",
) -> Response:
    """Charts of a run, others over it."""
    values = await workspace_values(desk, workspace, "data", run)
    if values["run"] is None:
        return page(request, "data_empty.html", values)
    record = await desk.follower.record(values["run"].id)
    over = [one for one in values["runs"] if one.number in (also or ()) and one.id != values["run"].id]
    more = {
        "charts": KINDS.values(),
        "also": over,
        "by": by,
        "most": MOST_LINES,
        "gas": gas_by_function(record),
        "time": time_in_states(record),
        "tables": [*record.tables, *DENSE],
    }
    return page(request, "data.html", {**values, **more})
