"""The key set in a secret of AWS Secrets Manager, changed by whoever comes first."""

import json
from contextlib import closing, suppress
from typing import Any

from app.tokens.aws_errors import explained
from app.tokens.aws_sources import check_secret_name, client, text_of
from app.tokens.encoding import parse_json_object
from app.tokens.errors import KeySetError, KeysUnavailable
from app.tokens.key_sources import parsed
from app.tokens.rotation import Document, Step

# Of our own: a version that carries it has been written and counts for nobody yet. One label may
# stand on one version only, so that a later change takes over what a crash has left behind.
UNFINISHED = "ostiary-unfinished"
CURRENT = "AWSCURRENT"
TRIES = 5


class SecretStore:
    """The key set in the secret of this name.

    The role needs secretsmanager:GetSecretValue, PutSecretValue and UpdateSecretVersionStage on
    it, and CreateSecret for the first key.
    """

    def __init__(self, name: str) -> None:
        self._name = check_secret_name(name)
        self.where = f"secretsmanager:{name}"

    def read(self) -> Document | None:
        """The set, or None where the secret has no value; KeySetError where it holds no set."""
        with explained(self.where), closing(client("secretsmanager", self._name)) as manager:
            return self._read(manager)[0]

    def change(self, step: Step) -> Document:
        """Replace the set by what `step` makes of it; anew where another change came between."""
        with explained(self.where), closing(client("secretsmanager", self._name)) as manager:
            for _ in range(TRIES):
                document, version = self._read(manager)
                changed = step(document)
                if changed == document or self._written(manager, changed, version):
                    return changed
        raise KeysUnavailable(
            f"{self.where}: each time, somebody else changed the secret first ({TRIES} times); "
            "nothing was changed; try again"
        )

    def _read(self, manager: Any) -> tuple[Document | None, str | None]:
        """The set and the id of its version, or twice None."""
        from botocore.exceptions import ClientError

        try:
            secret = manager.get_secret_value(SecretId=self._name)
        except ClientError as error:
            if _code(error) != "ResourceNotFoundException":
                raise
            return None, None
        text = text_of(secret, self._name)
        parsed(self.where, text)
        return parse_json_object(text), secret["VersionId"]

    def _written(self, manager: Any, document: Document, version: str | None) -> bool:
        """Whether it counts from now; False where `version` is no longer the one that counted."""
        text = json.dumps(document)
        if version is None and self._created(manager, text):
            return True
        put = manager.put_secret_value(
            SecretId=self._name, SecretString=text, VersionStages=[UNFINISHED]
        )
        try:
            return self._promoted(manager, put["VersionId"], version)
        finally:
            self._drop_label(manager, put["VersionId"])

    def _created(self, manager: Any, text: str) -> bool:
        """False where there is such a secret: without a value, or with one by now."""
        from botocore.exceptions import ClientError

        if self._name.startswith("arn:"):
            raise KeySetError(
                f"{self.where}: there is no secret of that ARN; give its name to have one made"
            )
        try:
            manager.create_secret(Name=self._name, SecretString=text)
        except ClientError as error:
            if _code(error) != "ResourceExistsException":
                raise
            return False
        return True

    def _promoted(self, manager: Any, new: str, old: str | None) -> bool:
        """AWS moves the label only where it is where we found it: a compare-and-swap."""
        from botocore.exceptions import ClientError

        found = {} if old is None else {"RemoveFromVersionId": old}
        try:
            manager.update_secret_version_stage(
                SecretId=self._name, VersionStage=CURRENT, MoveToVersionId=new, **found
            )
        except ClientError as error:
            if _code(error) != "InvalidParameterException":
                raise
            # Somebody was faster; or boto3 tried twice, and the answer to the first was lost.
            current = manager.get_secret_value(SecretId=self._name)["VersionId"]
            return bool(current == new)
        return True

    def _drop_label(self, manager: Any, version: str) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        # What counts is settled by now; a label that stays is taken over by the next change.
        with suppress(BotoCoreError, ClientError):
            manager.update_secret_version_stage(
                SecretId=self._name, VersionStage=UNFINISHED, RemoveFromVersionId=version
            )


def _code(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Code"))
