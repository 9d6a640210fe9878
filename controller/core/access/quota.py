"""Quotas of callers, as answers state them.

See draft-ietf-httpapi-ratelimit-headers-10, "RateLimit header fields for HTTP".
"""

from dataclasses import dataclass
from math import ceil

from controller.core.access.rate import RequestClass, RequestRate

# Type of the problem details of an answer 429 (section "Problem Types" of the draft).
QUOTA_EXCEEDED = "https://iana.org/assignments/http-problem-types#quota-exceeded"


@dataclass(frozen=True, slots=True)
class QuotaState:
    """State of a quota after a request.

    Attributes:
        request_class: Class of the request.
        rate: Limit of the caller, of all replicas together.
        is_exceeded: True if the request is refused.
        remaining: Requests that this replica accepts at once.
        reset_after: Seconds until the whole burst is available.
        retry_after: Seconds until one request is available; 0 if one is.
    """

    request_class: RequestClass
    rate: RequestRate
    is_exceeded: bool
    remaining: int
    reset_after: float
    retry_after: float

    def headers(self) -> dict[str, str]:
        """Return the header fields of an answer; times are whole seconds, rounded up."""
        name = f'"{self.request_class}"'
        window = ceil(self.rate.seconds)
        fields = {
            "ratelimit-policy": f"{name};q={self.rate.count};w={window}",
            "ratelimit": f"{name};r={self.remaining};t={ceil(self.reset_after)}",
        }
        if self.is_exceeded:
            fields["retry-after"] = str(max(1, ceil(self.retry_after)))
        return fields
