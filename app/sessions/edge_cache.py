"""API Gateway's cache of policies, emptied at once: for each stage of an API, by its API's kind."""

from collections.abc import Callable
from typing import Any, NamedTuple

from app.tokens.aws_sources import client
from app.tokens.errors import KeysUnavailable, quoted

_ADVICE = {
    "NotFoundException": "there is no such API or stage in this account and region; look them up "
    "with `aws apigateway get-rest-apis` or `aws apigatewayv2 get-apis`",
    "TooManyRequestsException": "AWS throttles this call; try again in a moment",
    "NoCredentialsError": "this process has no AWS credentials",
    "ExpiredTokenException": "the credentials of this process have expired",
    "UnrecognizedClientException": "AWS does not know the credentials of this process",
}
_NO_RIGHT = frozenset(
    {"AccessDeniedException", "AccessDenied", "UnauthorizedException", "ForbiddenException"}
)


class NotFlushed(Exception):
    """The cache stands as it was; the text says why, and what to do."""


class Stage(NamedTuple):
    """A stage of a REST API, or of an HTTP API."""

    api_id: str
    name: str
    is_rest: bool

    def check(self) -> None:
        """NotFlushed where it is plain already that AWS cannot be asked."""
        self._told(self._client)

    def flush(self) -> None:
        """Let every request meet the authorizer again; NotFlushed where AWS did not do that."""
        self._told(self._ask)

    def _told(self, asking: Callable[[], object]) -> None:
        """What AWS, or the lack of it, makes impossible, as NotFlushed."""
        from botocore.exceptions import BotoCoreError, ClientError  # AWS alone needs it

        try:
            asking()
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", "an error without a code"))
            raise NotFlushed(f"{self._advice(code)} ({code})") from None
        except BotoCoreError as error:
            kind = type(error).__name__
            advice = _ADVICE.get(kind, "AWS did not answer")
            raise NotFlushed(f"{advice} ({kind})") from None
        except KeysUnavailable as error:  # no client could be made
            raise NotFlushed(str(error)) from None

    def _ask(self) -> None:
        # https://docs.aws.amazon.com/apigateway/latest/api/API_FlushStageAuthorizersCache.html
        # https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-stages-stagename-cache-authorizers.html
        api = self._client()
        if self.is_rest:
            api.flush_stage_authorizers_cache(restApiId=self.api_id, stageName=self.name)
        else:
            api.reset_authorizers_cache(ApiId=self.api_id, StageName=self.name)

    def _client(self) -> Any:
        return client("apigateway" if self.is_rest else "apigatewayv2")

    def _advice(self, code: str) -> str:
        if code not in _NO_RIGHT:
            return _ADVICE.get(code, "AWS refused")
        kind = "restapis" if self.is_rest else "apis"
        right = f"/{kind}/{self.api_id}/stages/{self.name}/cache/authorizers"
        return f"this process needs the right apigateway:DELETE on {quoted(right, 255)}"
