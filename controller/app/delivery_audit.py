"""Audit of webhook deliveries: every version that is to be announced has one."""

from collections.abc import Mapping

from controller.app.read_only import looking
from controller.app.session import Session
from controller.core.document.resource import ResourceId
from controller.core.errors import RefusedError
from controller.core.resources.observation import Absent, Present, Unknown
from controller.kinds.webhook.completeness import DeliveryAccount, account


def delivery_accounts(
    context: Session, target: ResourceId | None = None
) -> Mapping[ResourceId, DeliveryAccount | Unknown]:
    """Return the account of each declared webhook target, or of ``target``. Reads only.

    A target that could not be observed is Unknown with the reason.

    Raises:
        RefusedError: No target is declared, or ``target`` is not one.
    """
    declared = {
        id_: resource
        for id_, resource in context.document.resources.items()
        if id_.kind == "webhook" and target in {None, id_}
    }
    if not declared:
        msg = (
            "the document declares no webhook target"
            if target is None
            else f"{target} is not a declared webhook target: name one as webhook/NAME"
        )
        raise RefusedError(msg)
    with looking(context, without_store=False) as (controller, _):
        observed = controller.observe(declared)
    found: dict[ResourceId, DeliveryAccount | Unknown] = {}
    for id_, resource in sorted(declared.items()):
        match observed.of(id_):
            case Present(state):
                found[id_] = account(resource.spec, state)
            case Unknown() as unknown:
                found[id_] = unknown
            case Absent():
                reason = (
                    "No controller has observed the target yet: run `hokusai apply`."
                )
                found[id_] = Unknown(reason)
    return found
