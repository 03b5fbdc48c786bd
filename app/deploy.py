"""Lambda entry for who operates: CloudFormation at each deploy, and every `ostiary` command.

{"RequestType": "Create", "ResponseURL": …}     a custom resource; app/deployment.py does its work
{"argv": ["users", "list"], "stdin": "…"}       a command; `stdin` may be left out. With
                                                `"check": true` its failure is the function's

IAM says who may call it (lambda:InvokeFunction), and no API leads here. Whatever fails is told to
CloudFormation, which would otherwise wait for it: hence what is imported up here needs the standard
library alone.
"""

import json
import logging
import time
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError

from app.deadline import Deadline, OutOfTime
from app.invoked_command import run, sentence

_LOG = logging.getLogger("ostiary.deploy")

# One for good: at another, CloudFormation would take this one for replaced, and delete it.
PHYSICAL_ID = "ostiary-deployment"
ANSWER_SECONDS = 8  # of the function's time: what it takes to roll back and to answer
ANSWER_TRIES = 3
ANSWER_PAUSE_SECONDS = 0.2
PUT_SECONDS = 2  # to connect, and again to be answered
RETURN_SECONDS = 0.5  # of the function's time: what it takes to end
ANSWER_BYTES = 4096
REASON_CHARACTERS = 1000

sleep = time.sleep


class CommandFailed(Exception):
    """What a command said that was to be checked, as those of a schedule are."""


class NotAnswered(Exception):
    """CloudFormation was not reached; Lambda hands the same event over again."""


def handler(event: Any, context: Any) -> dict[str, Any] | None:
    """Answer CloudFormation at its ResponseURL, or a command's invoker with what it printed.

    A command gives `{"exit_code", "stdout", "stderr"}`, or CommandFailed where `check` is set.
    ValueError for any other event.
    """
    if isinstance(event, dict) and "ResponseURL" in event:
        _answer(event, _outcome(event, context), context)
        return None
    if not _is_command(event):
        raise ValueError(
            '{"argv": ["users", "list"]} was expected, all of it text, perhaps with "stdin": "…" '
            'and "check": true; or what CloudFormation sends'
        )
    done = run(event["argv"], event.get("stdin") or "", context, ANSWER_SECONDS)
    if done["exit_code"] and event.get("check"):
        raise CommandFailed(done["stderr"][-REASON_CHARACTERS:])
    return done


def _outcome(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """`Status` and what goes with it (the custom resource response objects of CloudFormation)."""
    if event.get("RequestType") == "Delete":
        return {"Status": "SUCCESS"}  # users and sessions outlive the stack that served them
    try:
        with Deadline(context, ANSWER_SECONDS):
            from app.deployment import deploy

            return {"Status": "SUCCESS", "Data": deploy(event.get("ResourceProperties") or {})}
    except BaseException as error:
        _LOG.exception("The deployment failed")
        stream = getattr(context, "log_stream_name", "of this function")
        reason = f"{sentence(error)[:REASON_CHARACTERS]} (log stream {stream})"
        return {"Status": "FAILED", "Reason": reason}


def _answer(event: Mapping[str, Any], outcome: Mapping[str, Any], context: Any) -> None:
    """PUT the outcome to where CloudFormation waits for it, which is an address to keep secret.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
    """
    named = ("StackId", "RequestId", "LogicalResourceId")
    body = _fitting(
        {
            "PhysicalResourceId": event.get("PhysicalResourceId") or PHYSICAL_ID,
            **{name: event.get(name) for name in named},
            **outcome,
        }
    )
    with suppress(OutOfTime), Deadline(context, RETURN_SECONDS):
        for _ in range(ANSWER_TRIES):
            refused = _put(event["ResponseURL"], body)
            if refused is None:
                return
            _LOG.error("CloudFormation could not be answered: %s", refused)
            sleep(ANSWER_PAUSE_SECONDS)
    raise NotAnswered("CloudFormation could not be answered; it is tried with this event again")


def _put(url: str, body: bytes) -> str | None:
    """What went wrong, if anything did, without the address that an exception may hold."""
    try:
        request = urllib.request.Request(  # noqa: S310 - who may invoke this, may choose
            url,
            data=body,
            method="PUT",
            headers={"Content-Type": ""},  # S3 has signed the address for none
        )
        with urllib.request.urlopen(request, timeout=PUT_SECONDS):  # noqa: S310
            return None
    except HTTPError as error:
        error.close()
        return f"HTTP status {error.code}"
    except (HTTPException, OSError, ValueError) as error:
        return type(error).__name__


def _fitting(answer: Mapping[str, Any]) -> bytes:
    """The answer as JSON, its reason cut to what CloudFormation takes."""
    reason: str = answer.get("Reason", "")
    body = json.dumps(answer).encode()
    while len(body) > ANSWER_BYTES and reason:
        # At most twelve bytes a character, as it is an escaped pair of surrogates.
        reason = reason[: -(1 + (len(body) - ANSWER_BYTES) // 12)]
        body = json.dumps({**answer, "Reason": reason}).encode()
    return body


def _is_command(event: Any) -> bool:
    if not isinstance(event, dict) or not isinstance(event.get("argv"), list):
        return False
    words = (*event["argv"], event.get("stdin") or "")
    check = event.get("check")
    return all(isinstance(word, str) for word in words) and isinstance(check, bool | None)
