"""The workloads there are."""

from controller.core.resources.plan import Verb
from tests.faults.documents import (
    DISCOVERY,
    ENDPOINT,
    EXPERIMENT,
    HEALTH,
    IN_ECR,
    LABELLED_EXPERIMENT,
    MIXED,
    OTHER_ROUTES,
    OWN_HEALTH,
    OWN_READY,
    READ_ENDPOINT,
    READS,
    READY,
    REDEPLOYED,
    RESTARTED,
    ROUTES,
    SCALED_OTHERWISE,
    SCALING,
    SECRETS,
    SPOT,
    STAYS,
    TAGGED,
    TAGGED_OTHERWISE,
    hint,
    labelled,
    model,
    service,
    services,
    sourced,
    webhook,
)
from tests.faults.steps import (
    ONE,
    THREE,
    TWO,
    address_is,
    address_is_pinned,
    address_is_unpinned,
    address_moves,
    answering,
    approval_is_forged,
    asks,
    asks_of_model,
    bad_image,
    bad_image_that_stays,
    bad_image_with_another_path,
    balanced,
    database_secret_rotates,
    deleted_by_hand,
    described_by_hand,
    foreign,
    hint_removed_by_hand,
    hint_secret_rotates,
    image_is_mended,
    migrates,
    migration_fails,
    migration_is_mended,
    promoted_secret_is_refused,
    promotion_is_interrupted,
    pushed,
    receiver_is_mended,
    receiver_refuses,
    rotated_target,
    run_finishes,
    secret_rotates,
    signed,
    tag_moves,
)
from tests.faults.workloads import (
    Workload,
    begun,
    declares,
    meddled_apart_from_routes,
    moved_to_newest,
    nothing,
)

GATED = "{production: {gates: {signature: compatible, approval: required}}}"
BOTH = services(service(), service("web", "hokusai/web:1", needs="service/api"))
ALL = (
    services(service(extra=SECRETS + DISCOVERY))
    + EXPERIMENT
    + sourced(ONE, aliases="{production: 1}")
    + webhook("site")
    + ENDPOINT
)


MEASURED = EXPERIMENT + model() + "    token_symbol: LSCOR\n"
ADOPT = "    adopt: true\n"
DRIFT = webhook("site", events="drift.detected")
FAILURES = webhook("site", events="rollout.failed")
PROMOTIONS = webhook("site", events="model.promoted", payload="cloudevents")
ROUTED = services(service(extra=DISCOVERY + ROUTES))
WORKLOADS = (
    Workload("everything from nothing", nothing, (declares(ALL),), depth=2),
    Workload(
        "image rollout",
        begun(services(service())),
        (declares(services(service(image="hokusai/api:2"))),),
        pairs=20,
    ),
    Workload(
        "rollout that fails and is rolled back",
        begun(services(service())),
        (bad_image,),
        settles=False,
    ),
    Workload(
        "new model version",
        begun(EXPERIMENT + model()),
        (run_finishes(0.7),),
        depth=2,
        pairs=3,
    ),
    Workload(
        "alias move",
        begun(sourced(ONE, TWO, aliases="{production: 1}")),
        (declares(sourced(ONE, TWO, aliases="{production: 2}")),),
        pairs=3,
    ),
    Workload(
        "webhook target added",
        begun(sourced(ONE)),
        (declares(sourced(ONE) + webhook("site")),),
    ),
    Workload(
        "webhook target with another payload",
        begun(sourced(ONE) + webhook("site", payload="cloudevents")),
        (declares(sourced(ONE, TWO) + webhook("site", payload="cloudevents")),),
    ),
    Workload(
        "webhook target removed",
        begun(sourced(ONE) + webhook("site", "mirror")),
        (declares(sourced(ONE, TWO) + webhook("site")),),
    ),
    Workload(
        "versions announced to a queue",
        begun(sourced(ONE) + webhook("site", destination="sqs")),
        (declares(sourced(ONE, TWO) + webhook("site", destination="sqs")),),
    ),
    Workload(
        "versions announced to an event bus",
        begun(sourced(ONE) + webhook("site", destination="eventbridge")),
        (declares(sourced(ONE, TWO) + webhook("site", destination="eventbridge")),),
    ),
    Workload(
        "promotion announced",
        begun(sourced(ONE, TWO, aliases="{production: 1}") + PROMOTIONS),
        (declares(sourced(ONE, TWO, aliases="{production: 2}") + PROMOTIONS),),
        edits=lambda _world: None,
    ),
    Workload(
        "edit by hand announced",
        begun(labelled(ONE) + DRIFT),
        (described_by_hand,),
        edits=lambda _world: None,
    ),
    Workload(
        "failed rollout announced",
        begun(services(service()) + FAILURES),
        (lambda world: bad_image(world, targets=FAILURES),),
        depth=2,
        forgets=True,
        edits=lambda _world: None,
        settles=False,
    ),
    Workload(
        "redrive by hand",
        begun(sourced(ONE) + webhook("site")),
        (receiver_refuses, receiver_is_mended),
        depth=2,
        settles=False,
    ),
    Workload(
        "webhook and Redis together",
        begun(MEASURED + webhook("site", phase="dual")),
        (run_finishes(0.7),),
        depth=2,
    ),
    Workload(
        "Redis for what the webhook refuses",
        begun(MEASURED + webhook("site", phase="webhook_primary")),
        (run_finishes(0.7),),
        depth=2,
    ),
    Workload(
        "webhook secret rotated",
        begun(sourced(ONE) + webhook("site")),
        (secret_rotates,),
    ),
    Workload(
        "rotation in Secrets Manager",
        rotated_target,
        (promoted_secret_is_refused, promotion_is_interrupted),
        depth=2,
    ),
    Workload(
        "hint comes, changes and goes",
        begun(EXPERIMENT),
        (
            declares(hint() + EXPERIMENT),
            declares(hint("/proxied/hints/mlflow") + EXPERIMENT),
            hint_secret_rotates,
            hint_removed_by_hand,
            declares(EXPERIMENT),
        ),
        depth=2,
        pairs=60,
    ),
    Workload(
        "endpoint address change",
        address_is(ENDPOINT),
        (address_moves, address_is_pinned, address_is_unpinned),
    ),
    Workload(
        "published addresses and their reader",
        address_is(services(service("web", extra=READS)) + READ_ENDPOINT),
        (address_moves, declares(services(service("web")))),
        depth=2,
    ),
    Workload(
        "removal of a resource",
        begun(services(service(), service("web")) + EXPERIMENT),
        (declares(services(service()) + EXPERIMENT),),
    ),
    Workload(
        "service deleted by hand",
        begun(services(service(extra=DISCOVERY + SCALING))),
        (deleted_by_hand,),
    ),
    Workload(
        "rename",
        begun(services(service("api")) + sourced(ONE)),
        (declares(services(service("backend")) + sourced(ONE)),),
    ),
    Workload(
        "fields and scaling come and go",
        begun(services(service(extra=SCALING))),
        (
            declares(services(service(extra=SCALED_OTHERWISE))),
            declares(services(service())),
        ),
    ),
    Workload(
        "capacity provider strategy comes and goes",
        begun(services(service())),
        (
            declares(services(service(extra=SPOT))),
            declares(services(service(extra=MIXED))),
            declares(services(service())),
        ),
    ),
    Workload(
        "tags come and go",
        begun(services(service())),
        (
            declares(services(service(extra=TAGGED))),
            declares(services(service(extra=TAGGED_OTHERWISE))),
            declares(services(service())),
        ),
    ),
    Workload(
        "model fields come and go",
        begun(EXPERIMENT + sourced(ONE)),
        (
            declares(LABELLED_EXPERIMENT + labelled(ONE)),
            declares(EXPERIMENT + sourced(ONE)),
        ),
    ),
    Workload(
        "migration before a rollout",
        begun(services(service())),
        (migrates,),
        depth=3,
    ),
    Workload(
        "route added",
        balanced(services(service(extra=DISCOVERY))),
        (declares(ROUTED),),
    ),
    Workload(
        "service with routes from nothing",
        balanced(""),
        (declares(ROUTED),),
    ),
    Workload(
        "route added to the load balancer of others",
        balanced(services(service()), owner="others/development"),
        (declares(services(service(extra=ROUTES))),),
        settles=False,
    ),
    Workload(
        "routes changed",
        balanced(ROUTED),
        (declares(services(service(extra=DISCOVERY + OTHER_ROUTES))),),
    ),
    Workload(
        "routes removed",
        balanced(ROUTED),
        (declares(services(service(extra=DISCOVERY))),),
        depth=2,
    ),
    Workload(
        "health path changed with the version",
        answering(services(service(extra=HEALTH)), v1="/health", v2="/ready"),
        (declares(services(service(image="hokusai/api:2", extra=READY))),),
        depth=6,
    ),
    Workload(
        "health path of a version that is rejected",
        answering(services(service(extra=HEALTH)), v1="/health"),
        (bad_image_with_another_path,),
        edits=meddled_apart_from_routes,
        settles=False,
    ),
    Workload(
        "health path changed alone",
        answering(services(service(extra=OWN_HEALTH)), v1="/health /ready"),
        (declares(services(service(extra=OWN_READY))),),
        depth=3,
        edits=meddled_apart_from_routes,
    ),
    Workload(
        "health path that no task answers",
        answering(services(service(extra=OWN_HEALTH)), v1="/health"),
        (declares(services(service(extra=OWN_READY))),),
        depth=3,
        edits=lambda _world: None,
        settles=False,
    ),
    Workload(
        "new digest under a tag, redeployed",
        pushed(services(service(image=IN_ECR, extra=REDEPLOYED))),
        (tag_moves,),
    ),
    Workload(
        "new digest under a tag, pinned",
        pushed(services(service(image=IN_ECR, extra="    image_policy: pin\n"))),
        (tag_moves,),
    ),
    Workload(
        "secret rotated, tasks restarted",
        begun(services(service(extra=SECRETS + RESTARTED))),
        (database_secret_rotates,),
    ),
    Workload(
        "rollback by hand",
        begun(services(service())),
        (
            declares(services(service(image="hokusai/api:2"))),
            asks(Verb.ROLL_BACK, "hokusai-api-development:1"),
        ),
        settles=False,
    ),
    Workload("restart by hand", begun(services(service())), (asks(Verb.RESTART),)),
    Workload(
        "retry by hand",
        begun(services(service())),
        (bad_image, image_is_mended),
        settles=False,
    ),
    Workload(
        "retry by hand of what stayed in place",
        begun(services(service(extra=STAYS))),
        (bad_image_that_stays, image_is_mended),
        settles=False,
    ),
    Workload(
        "retry by hand of a step before a rollout",
        begun(services(service())),
        (migration_fails, migration_is_mended),
        depth=3,
        settles=False,
    ),
    Workload(
        "version of a gated alias",
        signed(sourced(ONE, aliases=GATED), ONE, TWO),
        (
            asks_of_model(Verb.APPROVE, "1"),
            declares(sourced(ONE, TWO, aliases=GATED)),
            asks_of_model(Verb.APPROVE, "2"),
        ),
        edits=moved_to_newest,
        settles=False,
    ),
    Workload(
        "version that only a tag approves",
        signed(sourced(ONE, TWO, aliases=GATED), ONE, TWO),
        (
            asks_of_model(Verb.APPROVE, "1"),
            approval_is_forged("2"),
        ),
        edits=moved_to_newest,
        settles=False,
    ),
    Workload(
        "version without a signature",
        signed(sourced(ONE, TWO, aliases=GATED), ONE),
        (asks_of_model(Verb.APPROVE, "1"), asks_of_model(Verb.APPROVE, "2")),
        edits=moved_to_newest,
        settles=False,
    ),
    Workload(
        "rollback of an alias by hand",
        begun(sourced(ONE, TWO, aliases="{production: latest}")),
        (
            asks_of_model(Verb.ROLL_BACK, "production:1"),
            declares(sourced(ONE, TWO, THREE, aliases="{production: latest}")),
        ),
        edits=moved_to_newest,
        settles=False,
    ),
    Workload("dependency chain", nothing, (declares(BOTH),), depth=2),
    Workload(
        "adoption of what exists",
        foreign,
        (
            declares(
                services(service(extra=ADOPT))
                + sourced(ONE).replace("  leads:\n", "  leads:\n    adopt: true\n")
            ),
        ),
    ),
    Workload(
        "document A to B to A",
        begun(services(service()) + sourced(ONE, aliases="{production: 1}")),
        (
            declares(services(service(image="hokusai/api:2")) + sourced(ONE, TWO)),
            declares(
                services(service()) + sourced(ONE, TWO, aliases="{production: 1}")
            ),
        ),
    ),
)
