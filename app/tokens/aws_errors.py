"""What AWS says of its faults, told as what to do about them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from app.tokens.errors import KeysUnavailable

_ADVICE: Mapping[str, str] = {
    "ResourceNotFoundException": "there is none of that name in this account and region",
    "NotFoundException": "there is none of that id in this account and region",
    "AccessDeniedException": "this process may not do that; docs/keys.md and docs/deploying.md "
    "name the rights that it needs",
    "ThrottlingException": "AWS throttles these calls; the next try may do better",
    "DecryptionFailure": "the secret cannot be decrypted; allow kms:Decrypt on its key",
    "DisabledException": "the key is disabled; enable it, or take it out of the setting",
    "KMSInvalidStateException": "the key is not in use, perhaps to be deleted; take it out of the "
    "setting",
    "KeyUnavailableException": "KMS cannot use the key at this moment; the next try may do better",
    "InvalidKeyUsageException": "the key is not one for SIGN_VERIFY",
    "InvalidRequestException": "the secret is to be deleted; restore it, or name another",
    "UnrecognizedClientException": "AWS does not know the credentials of this process",
    "ExpiredTokenException": "the credentials of this process have expired",
    "UnsupportedOperationException": "the key is not an asymmetric one for SIGN_VERIFY",
    "NoCredentialsError": "this process has no AWS credentials",
    "NoRegionError": "no region is set; set AWS_DEFAULT_REGION",
}


@contextmanager
def explained(what: str, error_type: type[Exception] = KeysUnavailable) -> Iterator[None]:
    """Turns every error of botocore into one that names `what` and what to do about it."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", "an error without a code"))
        raise error_type(f"{what}: {_ADVICE.get(code, 'AWS refused')} ({code})") from None
    except BotoCoreError as error:
        kind = type(error).__name__
        raise error_type(f"{what}: {_ADVICE.get(kind, 'AWS did not answer')} ({kind})") from None
