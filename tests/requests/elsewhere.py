"""What of SECURITY §3 is more than one request, and the tests that try it."""

from collections.abc import Mapping
from dataclasses import dataclass

ATTACKS: Mapping[int, str] = {
    0: "Nothing hostile: what the rest is held against",
    1: "Resource wildcard overmatch",
    2: "methodArn echo",
    3: "Cached policy, another method or path",
    4: "Cached policy, another user",
    5: "The cache outlives exp, or the session",
    6: "A fault cached as Deny",
    7: "A bad authorizer answer",
    8: "Trailing newline",
    9: "Encoded slash and letter",
    10: "Other forms of a path",
    11: "Trailing slash",
    12: "Duplicate Authorization",
    13: "Header maps that disagree",
    14: "Scheme and spacing",
    15: "Other carriers",
    16: "Method tricks",
    17: "Round the edge",
    18: "Forged context",
    19: "Event fuzz",
    20: "Host and X-Forwarded-*",
    21: "Response size",
    22: "Stage variables",
    23: "Smuggling",
    24: "Preflight",
}


@dataclass(frozen=True)
class Elsewhere:
    """Tests of one attack, as `file::test`, and what they hold."""

    number: int
    what: str
    tests: tuple[str, ...]


ELSEWHERE: tuple[Elsewhere, ...] = (
    Elsewhere(
        1,
        "for every route, verb and set of scopes the policy opens what the guard opens, and nothing"
        " in another stage or API; in the deployed API, for every scope alone and all together",
        (
            "authorizer/test_policy.py::test_the_edge_allows_a_route_if_and_only_if_its_guard_does",
            "authorizer/test_policy.py::test_no_policy_holds_a_public_route_nor_a_verb_without_one",
            "authorizer/test_policy.py::test_a_policy_is_for_its_own_api_and_stage",
            "edge/test_cached_policy.py::test_every_route_is_open_to_its_scope_alone",
        ),
    ),
    Elsewhere(
        2,
        "a star that is asked for first opens nothing afterwards; no part of a path is in a policy",
        (
            "requests/test_sequences.py::test_a_star_that_was_asked_for_opens_nothing_afterwards",
            "authorizer/test_answers.py::test_no_part_of_the_path_that_was_asked_for_is_in_the_policy",
        ),
    ),
    Elsewhere(
        3,
        "one token on every route inside the TTL: the right answer each time, one invocation",
        (
            "edge/test_cached_policy.py::test_a_member_gets_200_on_notes_then_right_answers_everywhere_else",
            "edge/test_cached_policy.py::test_the_authorizer_is_asked_once_for_a_token",
        ),
    ),
    Elsewhere(
        4,
        "two members by turns, each sees their own; the policy is kept by `Authorization`",
        (
            "requests/test_sequences.py::test_two_members_by_turns_are_two",
            "edge/test_template.py::test_the_authorizer_is_asked_by_token_and_cached_for_a_minute",
        ),
    ),
    Elsewhere(
        5,
        "the edge keeps a policy past the end of its token, or of its session, and the app refuses"
        " the token; the edge itself refuses an ended session 75 s later at most",
        (
            "requests/test_sequences.py::test_a_policy_that_outlives_its_token_opens_nothing",
            (
                "edge/test_revocation.py"
                "::test_an_ended_session_passes_the_edge_no_longer_than_the_page_says"
            ),
            "edge/test_revocation.py::test_the_app_refuses_it_at_the_first_call_after_its_end",
        ),
    ),
    Elsewhere(
        6,
        "without keys the authorizer raises, and the next call after they are back is decided; at"
        " the deployed edge that is 503, and then 200 for the same token",
        (
            "requests/test_sequences.py::test_a_fault_is_no_verdict_and_is_not_kept",
            (
                "authorizer/test_keys_unavailable.py"
                "::test_nothing_is_decided_without_keys_and_the_next_call_after_they_are_back_is"
            ),
        ),
    ),
    Elsewhere(
        7,
        "10,000 sets of claims, each answer one that API Gateway takes; the longest claims too",
        (
            "authorizer/test_answers.py::test_every_answer_is_one_that_api_gateway_can_use",
            "authorizer/test_answers.py::test_the_largest_token_makes_no_answer_over_8_kb",
        ),
    ),
    Elsewhere(
        10,
        "every spelling of every route, with every scope: none opens it at any door",
        ("requests/test_spellings.py::test_no_other_spelling_of_any_route_opens_it",),
    ),
    Elsewhere(
        17,
        "the deployed function, invoked past the API, answers what uvicorn answers; every token of"
        " another table has one verdict at five doors",
        (
            "requests/test_round_the_edge.py::test_the_deployed_function_answers_as_every_door_does",
            "doors/test_doors.py::test_every_door_judges_a_token_as_the_table_does",
        ),
    ),
    Elsewhere(
        19,
        "what is no event, and 10,000 events with faults: answered, none raised, nothing done",
        (
            "requests/test_round_the_edge.py::test_what_is_no_request_is_answered_by_the_deployed_function",
            "app/test_lambda_event_mutants.py::test_what_is_no_request_is_a_bad_request",
            "app/test_lambda_event_mutants.py::test_no_mutated_event_raises_or_is_a_servers_fault",
        ),
    ),
    Elsewhere(
        21,
        "every list has pages, and a full page of the largest notes is under 6 MB",
        (
            "requests/test_round_the_edge.py::test_every_list_has_pages",
            "app/test_lambda_event.py::test_a_full_page_of_the_largest_notes_fits_into_a_lambdas_answer",
        ),
    ),
)
