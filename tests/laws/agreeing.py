"""Documents whose names agree: what a drawn one says is turned into what can be meant."""

FROM_OTHERS = {"volumesFrom": "sourceContainer", "dependsOn": "containerName"}
FIRST_PORT = 10_000


def agreeing(task, service, main, port=None):
    """Make the names of ``task`` and ``service`` agree, in place.

    Volumes and ports that are asked for are added; containers rest on those after them.
    """
    found = task.get("containerDefinitions", [])
    names = [container["name"] for container in found]
    named = set()
    for index, container in enumerate(found):
        for limit in container.get("ulimits", ()):
            limit["softLimit"] = min(limit["softLimit"], limit["hardLimit"])
        for field, key in FROM_OTHERS.items():
            if field in container:
                entries = zip(container[field], names[index + 1 :], strict=False)
                container[field] = [{**entry, key: name} for entry, name in entries]
        for need in container.get("dependsOn", ()):
            need["condition"] = "START"
        for mapping in container.get("portMappings", ()):
            if mapping.get("name") in named - {None}:
                mapping.pop("name")
            named.add(mapping.get("name"))
    add_volumes(task, service, found)
    add_ports(task, service, named, main, port)


def add_volumes(task, service, found):
    """Give ``task`` the volumes that are mounted, or configured by ``service``."""
    asked = [m.get("sourceVolume") for c in found for m in c.get("mountPoints", ())]
    asked += [v.get("name") for v in service.get("volumeConfigurations", ())]
    known = {volume["name"] for volume in task.get("volumes", ())}
    missing = [name for name in dict.fromkeys(asked) if name and name not in known]
    if missing:
        more = [{"name": name} for name in missing]
        task["volumes"] = [*task.get("volumes", ()), *more]


def add_ports(task, service, named, main, port):
    """Give the main container the ports that ``service`` asks for by name."""
    connect = service.get("serviceConnectConfiguration", {}).get("services", ())
    asked = [*connect, *service.get("vpcLatticeConfigurations", ())]
    names = dict.fromkeys(entry.get("portName") for entry in asked)
    missing = [name for name in names if name and name not in named]
    if not missing:
        return
    found = task.setdefault("containerDefinitions", [])
    if main not in [container["name"] for container in found]:
        found.insert(0, {"name": main})
    (container,) = (c for c in found if c["name"] == main)
    own = [{"containerPort": port}] if port else []
    mappings = container.setdefault("portMappings", own)
    for index, name in enumerate(missing):
        mappings.append({"containerPort": FIRST_PORT + index, "name": name})
