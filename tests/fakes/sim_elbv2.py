"""Elastic Load Balancing in memory: what is declared of it, and no requests."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.fakes.sim_ecs import ACCOUNT, REGION, Around, RefusalError
from tests.fakes.sim_shelf import Shelf

_ARN = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}"
_IDEMPOTENT = ("Protocol", "Port", "VpcId", "TargetType")
Asked = Mapping[str, Any]


class LoadBalancing(Shelf):
    """Load balancers, listeners, rules and target groups; things by ARN."""

    def __init__(self, around: Around) -> None:
        super().__init__("elbv2")
        self._around = around

    def made(self, name: str, tags: Mapping[str, str], *ports: int) -> None:
        """Make a load balancer that listens on ``ports``, by nobody's call."""
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
        """Whether a rule leads to the target group ``group``."""
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

    def DescribeLoadBalancers(self, asked: Asked) -> Any:
        """Return those that are named; one that is missing refuses them all."""
        key = "LoadBalancerName" if "Names" in asked else "LoadBalancerArn"
        names = asked.get("Names") or asked["LoadBalancerArns"]
        found = [t for t in self.things.values() if "LoadBalancerName" in t]
        return {"LoadBalancers": _named(found, key, names, "LoadBalancerNotFound")}

    def DescribeTargetGroups(self, asked: Asked) -> Any:
        """Return all, or those that are named: one that is missing refuses them."""
        found = [
            {**group, "LoadBalancerArns": [*self._behind(group["TargetGroupArn"])]}
            for group in self.groups()
        ]
        if "Names" not in asked:
            return {"TargetGroups": found}
        code = "TargetGroupNotFound"
        return {"TargetGroups": _named(found, "TargetGroupName", asked["Names"], code)}

    def DescribeListeners(self, asked: Asked) -> Any:
        """Return the listeners of a load balancer."""
        arn = asked["LoadBalancerArn"]
        return {
            "Listeners": [
                thing
                for thing in self.things.values()
                if "Port" in thing and thing.get("LoadBalancerArn") == arn
            ]
        }

    def DescribeRules(self, asked: Asked) -> Any:
        """Return the rules of a listener, by priority, and the default one."""
        rules = sorted(
            self.rules(asked["ListenerArn"]), key=lambda r: int(r["Priority"])
        )
        default = {"RuleArn": "default", "IsDefault": True, "Priority": "default"}
        return {"Rules": [*rules, default]}

    def DescribeTags(self, asked: Asked) -> Any:
        """Return the tags of things."""
        return {
            "TagDescriptions": [
                {
                    "ResourceArn": arn,
                    "Tags": [
                        {"Key": key, "Value": value}
                        for key, value in self.things[arn]["Tags"].items()
                    ],
                }
                for arn in asked["ResourceArns"]
                if arn in self.things
            ]
        }

    def DescribeTargetHealth(self, asked: Asked) -> Any:
        """Return the targets of a group; all of them are healthy."""
        self._of(asked["TargetGroupArn"], "TargetGroupNotFound")
        return {
            "TargetHealthDescriptions": [
                {
                    "Target": {"Id": address, "Port": port},
                    "TargetHealth": {"State": "healthy"},
                }
                for address, port in self._around.targets.get(
                    asked["TargetGroupArn"], ()
                )
            ]
        }

    def CreateTargetGroup(self, asked: Asked) -> Any:
        """Make a target group; the same settings again are the first one."""
        arn = f"{_ARN}:targetgroup/{asked['Name']}/1"
        known = self.things.get(arn)
        if known and any(known[key] != asked[key] for key in _IDEMPOTENT):
            code = "DuplicateTargetGroupName"
            raise RefusalError(code, "it exists, with other settings", 400)
        if known is None:
            thing = {k: v for k, v in asked.items() if k not in {"Name", "Tags"}}
            thing |= {"TargetGroupArn": arn, "TargetGroupName": asked["Name"]}
            self._put("CreateTargetGroup", arn, {**thing, "Tags": _tags(asked)})
        return {"TargetGroups": [self.things[arn]]}

    def ModifyTargetGroup(self, asked: Asked) -> Any:
        """Change how a target group checks its targets."""
        known = self._of(asked["TargetGroupArn"], "TargetGroupNotFound")
        self._put("ModifyTargetGroup", asked["TargetGroupArn"], {**known, **asked})
        return {}

    def ModifyTargetGroupAttributes(self, asked: Asked) -> Any:
        """Change a target group's attributes."""
        arn = asked["TargetGroupArn"]
        known = self._of(arn, "TargetGroupNotFound")
        changed = {**known, "Attributes": asked["Attributes"]}
        self._put("ModifyTargetGroupAttributes", arn, changed)
        return {}

    def DeleteTargetGroup(self, asked: Asked) -> Any:
        """Delete a target group; none is there already, and one in use stays."""
        arn = asked["TargetGroupArn"]
        if self.forwards(arn):
            code, words = "ResourceInUse", "a rule forwards to it"
            raise RefusalError(code, words, 400)
        if self.things.pop(arn, None) is not None:
            self.changed["DeleteTargetGroup", arn] += 1
        return {}

    def CreateRule(self, asked: Asked) -> Any:
        """Make a rule, unless its priority is taken."""
        listener = asked["ListenerArn"]
        self._of(listener, "ListenerNotFound")
        self._of(asked["Actions"][0]["TargetGroupArn"], "TargetGroupNotFound")
        self._free(listener, asked["Priority"])
        port = listener.rpartition("/")[2]
        arn = f"{listener}/{asked['Priority']}".replace(":listener/", ":listener-rule/")
        thing = {**asked, "RuleArn": arn, "Priority": str(asked["Priority"])}
        self._put("CreateRule", arn, {**thing, "Tags": _tags(asked)}, f"on {port}")
        return {"Rules": [self.things[arn]]}

    def ModifyRule(self, asked: Asked) -> Any:
        """Change what a rule does."""
        known = self._of(asked["RuleArn"], "RuleNotFound")
        self._put("ModifyRule", asked["RuleArn"], {**known, **asked})
        return {}

    def SetRulePriorities(self, asked: Asked) -> Any:
        """Move rules."""
        for move in asked["RulePriorities"]:
            known = self._of(move["RuleArn"], "RuleNotFound")
            if known["Priority"] != str(move["Priority"]):
                self._free(known["ListenerArn"], move["Priority"])
            moved = {**known, "Priority": str(move["Priority"])}
            self._put("SetRulePriorities", move["RuleArn"], moved)
        return {}

    def DeleteRule(self, asked: Asked) -> Any:
        """Delete a rule."""
        self._of(asked["RuleArn"], "RuleNotFound")
        self.things.pop(asked["RuleArn"])
        self.changed["DeleteRule", asked["RuleArn"]] += 1
        return {}

    def AddTags(self, asked: Asked) -> Any:
        """Put tags on things."""
        for arn in asked["ResourceArns"]:
            known = self._of(arn, "TargetGroupNotFound")
            tags = {**known["Tags"], **_tags(asked)}
            self._put("AddTags", arn, {**known, "Tags": tags})
        return {}

    def _put(self, operation: str, arn: str, thing: Any, subject: str = "") -> None:
        if self.things.get(arn) != thing:
            self.changed[operation, subject or arn] += 1
        self.things[arn] = thing

    def _behind(self, group: str) -> Iterator[str]:
        for rule in self.rules():
            if rule["Actions"][0]["TargetGroupArn"] == group:
                yield self.things[rule["ListenerArn"]]["LoadBalancerArn"]

    def _free(self, listener: str, priority: int) -> None:
        if any(r["Priority"] == str(priority) for r in self.rules(listener)):
            code, words = "PriorityInUse", f"{priority} is in use"
            raise RefusalError(code, words, 400)


def _named(found: Any, key: str, names: Any, code: str) -> Any:
    have = {thing[key]: thing for thing in found}
    if missing := [name for name in names if name not in have]:
        raise RefusalError(code, f"{missing} not found", 400)
    return [have[name] for name in names]


def _tags(asked: Asked) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in asked.get("Tags", ())}
