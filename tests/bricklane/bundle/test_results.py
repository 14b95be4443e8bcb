from bricklane.bundle.results import Change, read_plan, read_summary


def plan_of(**actions: str) -> object:
    entries = {f"resources.jobs.{key}": {"action": action} for key, action in actions.items()}
    return read_plan({"plan_version": 2, "plan": entries}, "{}")


def test_a_plan_lists_every_resource_with_its_action() -> None:
    plan = plan_of(a="create", b="skip", c="delete")
    assert plan.changes[0] == Change("jobs", "a", "create")
    assert [change.key for change in plan.effective] == ["a", "c"]
    assert [change.key for change in plan.changes if change.destructive] == ["c"]
    assert plan.counts == {"create": 1, "delete": 1, "skip": 1}
    assert str(plan) == "1 to create, 1 to delete, 1 unchanged"


def test_a_plan_without_changes_says_so() -> None:
    assert str(plan_of(a="skip")) == "nothing to change, 1 resource as they are"
    assert str(read_plan({}, "{}")) == "nothing to change, 0 resources as they are"


def test_a_key_with_dots_stays_whole() -> None:
    plan = read_plan({"plan": {"resources.jobs.a.permissions": {"action": "update"}}}, "{}")
    assert plan.changes == (Change("jobs", "a.permissions", "update"),)


def test_a_plan_with_a_wheel_cannot_be_applied_from_its_file() -> None:
    path = '"/Workspace/x/artifacts/.internal/shop-1.0.0-py3-none-any.whl"'
    assert not read_plan({}, f'{{"plan": [{path}]}}').applicable
    assert read_plan({}, "{}").applicable


def test_a_summary_has_the_workspace_and_links() -> None:
    document = {
        "workspace": {"current_user": {"userName": "me"}, "root_path": "/Workspace/x"},
        "resources": {
            "schemas": {"s": {"id": "dev.s", "name": "s"}},
            "jobs": {"j": {"id": "7", "name": "job", "url": "https://w.example:1/jobs/7?o=1"}},
        },
    }
    summary = read_summary(document, "text")
    assert (summary.host, summary.user, summary.text) == ("https://w.example:1", "me", "text")
    assert [(r.kind, r.key, r.id) for r in summary.resources] == [
        ("jobs", "j", "7"),
        ("schemas", "s", "dev.s"),
    ]
