"""Elastic Load Balancing in memory: its API without traffic."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.fakes.sim_ecs import ACCOUNT, REGION, EcsBackend, RefusalError
from tests.fakes.sim_shelf import Shelf

_ARN = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}"
_IDEMPOTENT = ("Protocol", "Port", "VpcId", "TargetType")
Parameters = Mapping[str, Any]


class LoadBalancing(Shelf):
    """Load balancers, listeners, rules and target groups; things by ARN."""

    def __init__(self, ecs: EcsBackend) -> None:
        super().__init__("elbv2")
        self._ecs = ecs
        self._around = ecs.around

    def made(self, name: str, tags: Mapping[str, str], *ports: int) -> None:
        """Create a load balancer with listeners on ``ports``, without a call."""
        arn = f"{_ARN}:loadbalancer/app/{name}/1"
        self.things[arn] = {
            "LoadBalancerArn": arn,
            "LoadBalancerName": name,
            "VpcId": "vpc-1",
            "Tags": dict(tags),
        }
        for port in ports:
            listener = f"{_ARN}:listener/app/{name}/1/{port}"
            self.things[listener] = {
                "ListenerArn": listener,
                "LoadBalancerArn": arn,
                "Port": port,
                "Protocol": "HTTP",
            }

    def forwards(self, group: str) -> bool:
        """Return True if a rule forwards to the target group ``group``."""
        return any(
            rule["Actions"][0]["TargetGroupArn"] == group for rule in self.rules()
        )

    def rules(self, listener: str = "") -> Iterator[dict[str, Any]]:
        """Yield the rules of a listener, or all of them."""
        for thing in list(self.things.values()):
            if "RuleArn" in thing and listener in {"", thing["ListenerArn"]}:
                yield thing

    def groups(self) -> Iterator[dict[str, Any]]:
        """Yield the target groups."""
        for thing in list(self.things.values()):
            if "TargetGroupArn" in thing:
                yield thing

    def DescribeLoadBalancers(self, parameters: Parameters) -> Any:
        """Return the named load balancers; refuse all if one is missing."""
        key = "LoadBalancerName" if "Names" in parameters else "LoadBalancerArn"
        names = parameters.get("Names") or parameters["LoadBalancerArns"]
        found = [t for t in self.things.values() if "LoadBalancerName" in t]
        return {"LoadBalancers": _named(found, key, names, "LoadBalancerNotFound")}

    def DescribeTargetGroups(self, parameters: Parameters) -> Any:
        """Return all, or the named ones; refuse all if one is missing."""
        found = [
            {
                **group,
                "LoadBalancerArns": [*self._balancers_of(group["TargetGroupArn"])],
            }
            for group in self.groups()
        ]
        if "Names" not in parameters:
            return {"TargetGroups": found}
        code = "TargetGroupNotFound"
        return {
            "TargetGroups": _named(found, "TargetGroupName", parameters["Names"], code)
        }

    def DescribeListeners(self, parameters: Parameters) -> Any:
        """Return the listeners of a load balancer."""
        arn = parameters["LoadBalancerArn"]
        return {
            "Listeners": [
                thing
                for thing in self.things.values()
                if "Port" in thing and thing.get("LoadBalancerArn") == arn
            ]
        }

    def DescribeRules(self, parameters: Parameters) -> Any:
        """Return the rules of a listener, by priority, and the default one."""
        rules = sorted(
            self.rules(parameters["ListenerArn"]), key=lambda r: int(r["Priority"])
        )
        default = {"RuleArn": "default", "IsDefault": True, "Priority": "default"}
        return {"Rules": [*rules, default]}

    def DescribeTags(self, parameters: Parameters) -> Any:
        """Return the tags of the resources that exist."""
        return {
            "TagDescriptions": [
                {
                    "ResourceArn": arn,
                    "Tags": [
                        {"Key": key, "Value": value}
                        for key, value in self.things[arn]["Tags"].items()
                    ],
                }
                for arn in parameters["ResourceArns"]
                if arn in self.things
            ]
        }

    def DescribeTargetHealth(self, parameters: Parameters) -> Any:
        """Return the targets of a group with the results of its health check."""
        arn = parameters["TargetGroupArn"]
        self._of(arn, "TargetGroupNotFound")
        return {
            "TargetHealthDescriptions": [
                {
                    "Target": {"Id": address, "Port": port},
                    "TargetHealth": self._health(arn, address),
                }
                for address, port in self._targets(arn)
            ]
        }

    def passes(self, group: str, address: str) -> bool:
        """Return True if an address passes the health check of a target group."""
        thing = self.things.get(group)
        return thing is not None and self._ecs.answers(
            address, thing["HealthCheckPath"]
        )

    def RegisterTargets(self, parameters: Parameters) -> Any:
        """Add targets to a group, in addition to those that ECS registers."""
        arn = parameters["TargetGroupArn"]
        known = self._of(arn, "TargetGroupNotFound")
        more = [[target["Id"], target["Port"]] for target in parameters["Targets"]]
        both = sorted({*map(tuple, known.get("Registered", ())), *map(tuple, more)})
        self._put("RegisterTargets", arn, {**known, "Registered": both})
        return {}

    def RemoveTags(self, parameters: Parameters) -> Any:
        """Remove tags from resources."""
        for arn in parameters["ResourceArns"]:
            known = self._of(arn, "TargetGroupNotFound")
            gone = parameters["TagKeys"]
            tags = {k: v for k, v in known["Tags"].items() if k not in gone}
            self._put("RemoveTags", arn, {**known, "Tags": tags})
        return {}

    def _health(self, group: str, address: str) -> dict[str, str]:
        if not self.forwards(group):
            return {"State": "unused", "Reason": "Target.NotInUse"}
        if self.passes(group, address):
            return {"State": "healthy"}
        return {"State": "unhealthy", "Reason": "Target.ResponseCodeMismatch"}

    def _targets(self, group: str) -> list[tuple[str, int]]:
        registered = map(tuple, self.things[group].get("Registered", ()))
        return [*self._around.targets.get(group, ()), *registered]

    def CreateTargetGroup(self, parameters: Parameters) -> Any:
        """Create a target group, or return one with the same settings."""
        arn = f"{_ARN}:targetgroup/{parameters['Name']}/1"
        known = self.things.get(arn)
        if known and any(known[key] != parameters[key] for key in _IDEMPOTENT):
            code = "DuplicateTargetGroupName"
            raise RefusalError(code, "it exists, with other settings", 400)
        if known is None:
            thing = {k: v for k, v in parameters.items() if k not in {"Name", "Tags"}}
            thing |= {"TargetGroupArn": arn, "TargetGroupName": parameters["Name"]}
            self._put("CreateTargetGroup", arn, {**thing, "Tags": _tags(parameters)})
        return {"TargetGroups": [self.things[arn]]}

    def ModifyTargetGroup(self, parameters: Parameters) -> Any:
        """Change the health check of a target group."""
        arn = parameters["TargetGroupArn"]
        known = self._of(arn, "TargetGroupNotFound")
        addresses = [address for address, _ in self._targets(arn)]
        passed = any(self.passes(arn, address) for address in addresses)
        self._put("ModifyTargetGroup", arn, {**known, **parameters})
        if passed and not any(self.passes(arn, address) for address in addresses):
            path = parameters["HealthCheckPath"]
            self._ecs.wrongs.append(f"no healthy target is left by the path {path}")
        return {}

    def ModifyTargetGroupAttributes(self, parameters: Parameters) -> Any:
        """Change a target group's attributes."""
        arn = parameters["TargetGroupArn"]
        known = self._of(arn, "TargetGroupNotFound")
        changed = {**known, "Attributes": parameters["Attributes"]}
        self._put("ModifyTargetGroupAttributes", arn, changed)
        return {}

    def DeleteTargetGroup(self, parameters: Parameters) -> Any:
        """Delete a target group if it exists; refuse one in use."""
        arn = parameters["TargetGroupArn"]
        if self.forwards(arn):
            code, words = "ResourceInUse", "a rule forwards to it"
            raise RefusalError(code, words, 400)
        if self.things.pop(arn, None) is not None:
            self.changed["DeleteTargetGroup", arn] += 1
        return {}

    def CreateRule(self, parameters: Parameters) -> Any:
        """Create a rule; refuse a priority in use."""
        listener = parameters["ListenerArn"]
        self._of(listener, "ListenerNotFound")
        self._of(parameters["Actions"][0]["TargetGroupArn"], "TargetGroupNotFound")
        self._check_priority(listener, parameters["Priority"])
        port = listener.rpartition("/")[2]
        arn = f"{listener}/{parameters['Priority']}".replace(
            ":listener/", ":listener-rule/"
        )
        thing = {**parameters, "RuleArn": arn, "Priority": str(parameters["Priority"])}
        self._put("CreateRule", arn, {**thing, "Tags": _tags(parameters)}, f"on {port}")
        return {"Rules": [self.things[arn]]}

    def ModifyRule(self, parameters: Parameters) -> Any:
        """Change conditions or actions of a rule."""
        known = self._of(parameters["RuleArn"], "RuleNotFound")
        self._put("ModifyRule", parameters["RuleArn"], {**known, **parameters})
        return {}

    def SetRulePriorities(self, parameters: Parameters) -> Any:
        """Change the priorities of rules."""
        for move in parameters["RulePriorities"]:
            known = self._of(move["RuleArn"], "RuleNotFound")
            if known["Priority"] != str(move["Priority"]):
                self._check_priority(known["ListenerArn"], move["Priority"])
            moved = {**known, "Priority": str(move["Priority"])}
            self._put("SetRulePriorities", move["RuleArn"], moved)
        return {}

    def DeleteRule(self, parameters: Parameters) -> Any:
        """Delete a rule."""
        self._of(parameters["RuleArn"], "RuleNotFound")
        self.things.pop(parameters["RuleArn"])
        self.changed["DeleteRule", parameters["RuleArn"]] += 1
        return {}

    def AddTags(self, parameters: Parameters) -> Any:
        """Add tags to resources."""
        for arn in parameters["ResourceArns"]:
            known = self._of(arn, "TargetGroupNotFound")
            tags = {**known["Tags"], **_tags(parameters)}
            self._put("AddTags", arn, {**known, "Tags": tags})
        return {}

    def _put(self, operation: str, arn: str, thing: Any, subject: str = "") -> None:
        if self.things.get(arn) != thing:
            self.changed[operation, subject or arn] += 1
        self.things[arn] = thing

    def _balancers_of(self, group: str) -> Iterator[str]:
        for rule in self.rules():
            if rule["Actions"][0]["TargetGroupArn"] == group:
                yield self.things[rule["ListenerArn"]]["LoadBalancerArn"]

    def _check_priority(self, listener: str, priority: int) -> None:
        if any(r["Priority"] == str(priority) for r in self.rules(listener)):
            code, words = "PriorityInUse", f"{priority} is in use"
            raise RefusalError(code, words, 400)


def _named(found: Any, key: str, names: Any, code: str) -> Any:
    have = {thing[key]: thing for thing in found}
    if missing := [name for name in names if name not in have]:
        raise RefusalError(code, f"{missing} not found", 400)
    return [have[name] for name in names]


def _tags(parameters: Parameters) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in parameters.get("Tags", ())}
