"""Fields that are no longer declared are removed, on the emulated AWS."""

ALARMS = {"alarmNames": ["errors"], "enable": True, "rollback": True}


def declared(world, **rollout):
    return world.api(service={"deploymentConfiguration": rollout} if rollout else {})


def test_alarms_that_are_not_asked_for_any_more_stop_no_rollout(world):
    assert world.run(declared(world, alarms=ALARMS, bakeTimeInMinutes=5)).converged
    before = world.service()["deploymentConfiguration"]

    assert world.run(declared(world)).converged

    after = world.service()["deploymentConfiguration"]
    assert (before["alarms"], before["bakeTimeInMinutes"]) == (ALARMS, 5)
    assert not after["alarms"]["enable"]
    assert after["alarms"]["alarmNames"] == []
    assert after["bakeTimeInMinutes"] == 0
    assert after["deploymentCircuitBreaker"]["enable"]
