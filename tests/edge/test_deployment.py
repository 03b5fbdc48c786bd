"""What CloudFormation made of the template beside the API, and what the deploy function does."""

import json
import secrets
from collections.abc import Callable
from contextlib import closing

import httpx
import pytest

from local.cloud import STACK, Edge
from local.errors import EdgeError
from tests.edge.conftest import ADMIN, Headers, first_password

ALARMS = {
    "AppThrottledAlarm",
    "AttemptsRefusedAlarm",
    "AuthorizerThrottledAlarm",
    "DatabaseFailuresAlarm",
    "LoginsFailedAlarm",
    "OperationFailedAlarm",
    "RefreshTokenReusedAlarm",
    "ServerErrorsAlarm",
    "SlowAlarm",
    "UndecidedAlarm",
    "UnforeseenErrorAlarm",
}


def logged(edge: Edge) -> str:
    """All that the functions of the stack wrote."""
    with closing(edge.cloud.client("logs")) as logs:
        groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
        found = [logs.filter_log_events(logGroupName=group)["events"] for group in groups]
    return json.dumps(found)


def test_cloudformation_ran_the_deploy_function_before_the_app_was_there(edge: Edge) -> None:
    with closing(edge.cloud.client("cloudformation")) as cloudformation:
        events = cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
    done = [e["LogicalResourceId"] for e in events if e["ResourceStatus"] == "CREATE_COMPLETE"]
    assert done.index("Deployment") > done.index("AppFunction")  # the newest first
    assert edge.cloud.physical_id("Deployment") == "ostiary-deployment"


def test_the_database_is_migrated_and_the_app_ready(edge: Edge, http: httpx.Client) -> None:
    assert http.get("/ready").status_code == 200
    assert "stands at" in edge.ostiary("migrate")


def test_the_alarms_stand_in_the_stack(edge: Edge) -> None:
    with closing(edge.cloud.client("cloudwatch")) as cloudwatch:
        alarms = cloudwatch.describe_alarms()["MetricAlarms"]
    named = {edge.cloud.physical_id(name): name for name in ALARMS}
    assert {named[alarm["AlarmName"]] for alarm in alarms} == ALARMS
    assert all(alarm["TreatMissingData"] == "notBreaching" for alarm in alarms)


def test_the_dashboard_shows_what_is_deployed(edge: Edge) -> None:
    with closing(edge.cloud.client("cloudwatch")) as cloudwatch:
        body = cloudwatch.get_dashboard(DashboardName=STACK)["DashboardBody"]
    assert len(json.loads(body)["widgets"]) == 8
    for function in ("AppFunction", "AuthorizerFunction"):
        assert f'"{edge.cloud.physical_id(function)}"' in body
    assert "${" not in body


def test_the_daily_pruning_is_a_command_that_the_deploy_function_takes(edge: Edge) -> None:
    with closing(edge.cloud.client("events")) as events:
        (rule,) = events.list_rules()["Rules"]
        (target,) = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
    assert (rule["ScheduleExpression"], rule["State"]) == ("rate(1 day)", "ENABLED")
    assert target["Arn"].endswith(edge.cloud.physical_id("DeployFunction"))
    done = edge.cloud.invoke("DeployFunction", json.loads(target["Input"]))
    assert done["stdout"].startswith("Removed 0 sessions")


def test_the_first_administrator_logs_in_with_the_password_of_the_secret(
    edge: Edge, http: httpx.Client, admin: Headers
) -> None:
    assert http.get("/users", headers=admin).status_code == 200
    listed = edge.ostiary("users", "list")
    assert f"{ADMIN} " in listed
    assert "admin, member" in listed


def test_the_first_password_stands_nowhere_else(edge: Edge) -> None:
    password = first_password(edge)
    with closing(edge.cloud.client("cloudformation")) as cloudformation:
        stack = json.dumps(cloudformation.describe_stacks(StackName=STACK), default=str)
        events = json.dumps(cloudformation.describe_stack_events(StackName=STACK), default=str)
    logs = logged(edge)
    assert "REPORT RequestId" in logs
    variables = [edge.settings(f"{name}Function") for name in ("App", "Deploy", "Authorizer")]
    assert password not in f"{stack}{events}{logs}{variables}"


def test_an_operator_works_on_the_deployed_stack(
    edge: Edge, http: httpx.Client, login: Callable[[str, str], Headers]
) -> None:
    email, password = f"made-{secrets.token_hex(4)}@example.com", secrets.token_hex(12)
    made = edge.ostiary("users", "create", email, stdin=password)
    assert made.startswith(f"Made {email}, member")
    headers = login(email, password)
    assert http.get("/users/me", headers=headers).status_code == 200
    assert edge.ostiary("sessions", "revoke", "--user", email) == "Ended 1 session."
    assert http.get("/users/me", headers=headers).status_code == 401
    edge.ostiary("users", "disable", email)
    refused = http.post("/auth/login", data={"username": email, "password": password})
    assert refused.status_code == 401


def test_a_command_that_fails_says_so(edge: Edge) -> None:
    with pytest.raises(EdgeError, match="There is no user"):
        edge.ostiary("users", "disable", "nobody@example.com")
