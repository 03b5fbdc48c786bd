"""A function runs the files of its image, whatever else lies on this machine."""

from contextlib import closing
from pathlib import Path

from local.cloud import Edge
from local.command import PROJECT
from local.image import Image, as_zip, read_image

PROBE = """\
from importlib.util import find_spec

import authorizer

def handler(event, context):
    asked = {name: find_spec(name) is not None for name in event}
    return {"file": authorizer.__file__, **asked}
"""


def test_what_an_image_leaves_out_is_not_taken_from_the_checkout(
    edge: Edge, tmp_path: Path
) -> None:
    (tmp_path / "probe.py").write_text(PROBE)
    image = read_image(PROJECT / "Dockerfile", "authorizer")
    with_probe = Image({**image.files, "probe.py": tmp_path / "probe.py"}, "probe.handler")
    with closing(edge.cloud.client("lambda")) as functions:
        functions.create_function(
            FunctionName="probe",
            Runtime="python3.13",
            Handler=with_probe.handler,
            Role=f"arn:aws:iam::{'0' * 12}:role/probe",
            Code={"ZipFile": as_zip(with_probe)},
        )

    seen = edge.cloud.run("probe", ["app.tokens.verify", "app.tokens.issue", "local"])

    assert not seen.pop("file").startswith(str(PROJECT))
    assert seen == {"app.tokens.verify": True, "app.tokens.issue": False, "local": False}
