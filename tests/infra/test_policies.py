"""Who may touch what: read from the templates, then tried under the deployed roles.

The local stack evaluates the roles as IAM does, so the second half is the real proof: code that runs with a
function's role and is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from infra.house import APPS
from infra.templates import functions_of

if TYPE_CHECKING:
    from infra.deploy import Deployment
    from infra.package import PackagedApp
    from tests.infra.plugin import Calls, Probe

LEDGER = "table/${LedgerTable}"
PRIVATE = "table/${PrivateTable}"
MODIFYING = {
    "dynamodb:BatchWriteItem",
    "dynamodb:DeleteItem",
    "dynamodb:PartiQLDelete",
    "dynamodb:PartiQLUpdate",
    "dynamodb:UpdateItem",
}
POSTS_ORDERS = {"accrue", "settle"}
MAY_APPEND_ENTRIES = POSTS_ORDERS | {"console", "insight"}
"""Who posts orders, and who takes spent points or gives those for a share."""
CLICKS = "table/${ClicksTable}"
SERVES_PEOPLE = {"place_order", "console"}
WRITES_TO_PEOPLE = {"notify"}
"""Who keeps what names a person, and shows and erases it when they ask."""
READS_PAYEES = {"settle", "console"}
DENIED = "AccessDeniedException"
MAY_WRITE = "ConditionalCheckFailedException"
KEY = {"pk": {"S": "O#probe"}, "sk": {"S": "N#000001"}}
CHANGE = {
    "Key": KEY,
    "UpdateExpression": "SET hash = :hash",
    "ExpressionAttributeValues": {":hash": {"S": "tampered"}},
}

Statement = dict[str, Any]


def _policies(app: PackagedApp) -> list[list[Statement]]:
    roles = [part for part in app.template["Resources"].values() if part["Type"] == "AWS::IAM::Role"]
    return [role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"] for role in roles]


def _statements(app: PackagedApp) -> list[Statement]:
    """All roles of an app share one policy, so any of them will do."""
    policies = _policies(app)
    assert policies
    assert all(policy == policies[0] for policy in policies)
    return policies[0]


def _resources(statement: Statement) -> list[str]:
    named = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
    return [name if isinstance(name, str) else str(next(iter(name.values()))) for name in named]


def _allowed(app: PackagedApp, table: str) -> set[str]:
    return {
        action
        for statement in _statements(app)
        if statement["Effect"] == "Allow" and any(name.endswith(table) for name in _resources(statement))
        for action in statement["Action"]
    }


@pytest.mark.parametrize("name", APPS)
def test_every_function_has_a_role_of_the_app(packaged: dict[str, PackagedApp], name: str) -> None:
    resources = packaged[name].template["Resources"]
    for function in functions_of(packaged[name].template).values():
        role, attribute = function["Properties"]["Role"]["Fn::GetAtt"]
        assert (resources[role]["Type"], attribute) == ("AWS::IAM::Role", "Arn")
        assert "Policies" not in function["Properties"]
        assert "ManagedPolicyArns" not in resources[role]["Properties"]


@pytest.mark.parametrize("name", APPS)
def test_ledger_is_append_only_for_every_app(packaged: dict[str, PackagedApp], name: str) -> None:
    (denial,) = [statement for statement in _statements(packaged[name]) if statement["Effect"] == "Deny"]
    assert set(denial["Action"]) == MODIFYING
    assert [name.endswith(LEDGER) for name in _resources(denial)] == [True]


def test_four_apps_append_entries(packaged: dict[str, PackagedApp]) -> None:
    assert {
        name for name, app in packaged.items() if "dynamodb:PutItem" in _allowed(app, LEDGER)
    } == MAY_APPEND_ENTRIES


def test_personal_data_is_erased_by_two_and_payees_are_read_by_who_pays(
    packaged: dict[str, PackagedApp],
) -> None:
    """What names a person is found by who serves people's requests, never by reading the whole table."""
    allowed = {name: _allowed(app, PRIVATE) for name, app in packaged.items()}
    for action in ("PutItem", "DeleteItem", "GetItem", "Query"):
        may = {name for name, actions in allowed.items() if f"dynamodb:{action}" in actions}
        assert may == SERVES_PEOPLE | (WRITES_TO_PEOPLE if action == "GetItem" else set()), action
    assert {name for name, actions in allowed.items() if "dynamodb:BatchGetItem" in actions} == READS_PAYEES
    kept = {f"dynamodb:{action}" for action in ("PutItem", "DeleteItem", "GetItem", "Query", "BatchGetItem")}
    assert set().union(*allowed.values()) == kept


def test_files_are_erased_by_who_serves_people_and_only_where_people_are_in_them(
    packaged: dict[str, PackagedApp],
) -> None:
    erased = {name: _folders(app, "s3:DeleteObjectVersion") for name, app in packaged.items()}
    assert {name: folders for name, folders in erased.items() if folders} == {
        "place_order": {"privacy"},
        "console": {"privacy", "batches", "payouts", "results"},
    }
    for app in packaged.values():
        assert _folders(app, "s3:DeleteObject") == set()


def _folders(app: PackagedApp, action: str) -> set[str]:
    named = (_resources(statement) for statement in _statements(app) if action in statement["Action"])
    return {name.removesuffix("/*").rpartition("/")[2] for names in named for name in names}


def test_visits_are_changed_by_who_serves_people_and_where_they_are_noted(
    packaged: dict[str, PackagedApp],
) -> None:
    changing = {name for name, app in packaged.items() if "dynamodb:UpdateItem" in _allowed(app, CLICKS)}
    # The redirect keeps with a click what was looked at, where the shopper agreed.
    assert changing == SERVES_PEOPLE | {"track_click"}


def test_the_webhook_puts_products_into_the_catalog_and_nothing_else(
    packaged: dict[str, PackagedApp],
) -> None:
    """It is open to the world: terms, links and keys are not its to write."""
    (putting,) = (
        statement
        for statement in _statements(packaged["place_order"])
        if "dynamodb:PutItem" in statement["Action"]
        and any(name.endswith("table/${CatalogTable}") for name in _resources(statement))
    )
    assert putting["Condition"] == {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["PD#*"]}}


def test_one_app_reads_whole_tables(packaged: dict[str, PackagedApp]) -> None:
    """The proof does; for everybody else a scan would be a mistake that grows."""
    for table in (LEDGER, "table/${StateTable}", "table/${OrdersTable}"):
        scanning = {name for name, app in packaged.items() if "dynamodb:Scan" in _allowed(app, table)}
        assert scanning == {"settle"}


def test_who_posts_may_list_who_waits(packaged: dict[str, PackagedApp]) -> None:
    for name in POSTS_ORDERS:
        assert {"dynamodb:PutItem", "dynamodb:DeleteItem"} <= _allowed(packaged[name], "table/${StateTable}")


@pytest.mark.parametrize("name", APPS)
def test_no_wildcards(packaged: dict[str, PackagedApp], name: str) -> None:
    """Streams are listed, and a phone number is written to, under no resource's name."""
    for statement in _statements(packaged[name]):
        assert not any("*" in action for action in statement["Action"])
        if "*" in _resources(statement):
            assert statement["Action"] in (["dynamodb:ListStreams"], ["sns:Publish"])


@pytest.mark.parametrize("name", APPS)
def test_logs_go_to_the_own_group_only(packaged: dict[str, PackagedApp], name: str) -> None:
    logs = [item for item in _statements(packaged[name]) if any("logs:" in act for act in item["Action"])]
    assert [statement["Resource"] for statement in logs] == [{"Fn::GetAtt": ["LogGroup", "Arn"]}]


def _ledger_calls(deployment: Deployment) -> Calls:
    ledger = deployment.platform.tables["ledger"]
    return {
        "update": ("dynamodb", "update_item", {"TableName": ledger, **CHANGE}),
        "delete": ("dynamodb", "delete_item", {"TableName": ledger, "Key": KEY}),
        "batch": (
            "dynamodb",
            "batch_write_item",
            {"RequestItems": {ledger: [{"DeleteRequest": {"Key": KEY}}]}},
        ),
        "update in a transaction": (
            "dynamodb",
            "transact_write_items",
            {"TransactItems": [{"Update": {"TableName": ledger, **CHANGE}}]},
        ),
        "delete in a transaction": (
            "dynamodb",
            "transact_write_items",
            {"TransactItems": [{"Delete": {"TableName": ledger, "Key": KEY}}]},
        ),
        "update by statement": (
            "dynamodb",
            "execute_statement",
            {"Statement": f"UPDATE \"{ledger}\" SET hash='x' WHERE pk='O#probe' AND sk='N#000001'"},
        ),
        "delete by statement": (
            "dynamodb",
            "execute_statement",
            {"Statement": f"DELETE FROM \"{ledger}\" WHERE pk='O#probe' AND sk='N#000001'"},
        ),
    }


@pytest.mark.parametrize("name", APPS)
def test_deployed_roles_cannot_modify_the_ledger(deployment: Deployment, probe: Probe, name: str) -> None:
    for function in deployment.apps[name].functions.values():
        outcomes = probe.try_calls(function, _ledger_calls(deployment))
        assert outcomes == dict.fromkeys(outcomes, DENIED)


@pytest.mark.parametrize("name", APPS)
def test_deployed_roles_append_only_where_they_should(
    deployment: Deployment, probe: Probe, name: str
) -> None:
    tables = deployment.platform.tables
    item = {"pk": {"S": f"O#{name}"}, "sk": {"S": "N#000001"}}
    # A condition that never holds: who may write is told so, and the day's books stay readable.
    put = {"Item": item, "ConditionExpression": "attribute_exists(pk)"}
    calls: Calls = {
        "ledger": ("dynamodb", "put_item", {"TableName": tables["ledger"], **put}),
        "private": ("dynamodb", "put_item", {"TableName": tables["private"], **put}),
        "reading private": ("dynamodb", "get_item", {"TableName": tables["private"], "Key": KEY}),
    }
    function = next(iter(deployment.apps[name].functions.values()))
    assert probe.try_calls(function, calls) == {
        "ledger": MAY_WRITE if name in MAY_APPEND_ENTRIES else DENIED,
        "private": MAY_WRITE if name in SERVES_PEOPLE else DENIED,
        "reading private": "ok" if name in SERVES_PEOPLE | WRITES_TO_PEOPLE else DENIED,
    }


def test_the_deployed_proof_reads_all_that_it_needs(deployment: Deployment, probe: Probe) -> None:
    tables = deployment.platform.tables
    waiting = {
        "TableName": tables["state"],
        "IndexName": "by_state",
        "KeyConditionExpression": "gpk = :waits",
        "ExpressionAttributeValues": {":waits": {"S": "WAITS"}},
    }
    calls: Calls = {
        **{
            name: ("dynamodb", "scan", {"TableName": tables[name], "Limit": 1})
            for name in ("ledger", "state", "orders")
        },
        "waiting": ("dynamodb", "query", waiting),
    }
    functions = deployment.apps["settle"].functions
    for handler in ("verify_programs", "report_waiting"):
        assert probe.try_calls(functions[handler], calls) == dict.fromkeys(calls, "ok")
