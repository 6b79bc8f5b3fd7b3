"""PyGithub: what each call told, as one line of JSON. Argument: the API's base URL."""

import json
import sys

from github import Auth, Github, GithubException

github = Github(
    base_url=sys.argv[1], auth=Auth.Token("gh-token-for-tests"), retry=None, seconds_between_requests=0, seconds_between_writes=0
)


def refusal(call):
    try:
        call()
    except GithubException as error:
        return error.status
    return 0


repo = github.get_repo("acme/app")
pull = repo.get_pull(42)
comment = pull.create_issue_comment("one")
pull.create_issue_comment("two")
comment.edit("first")
bodies = [it.body for it in pull.get_issue_comments()]
comment.delete()
issue = repo.create_issue("stale previews", labels=["ops"])
issue.add_to_labels("urgent")
issue.edit(state="closed")
deployment = repo.create_deployment(
    pull.head.ref, environment="preview-42", auto_merge=False, required_contexts=[], transient_environment=True
)
deployment.create_status("success", environment_url="https://preview.example.com")
deployment.create_status("inactive")
states = [it.state for it in deployment.get_statuses()]
check = repo.create_check_run("preview", pull.head.sha, status="in_progress")
check.edit(status="completed", conclusion="success")
print(
    json.dumps(
        {
            "repo": repo.full_name,
            "pull": [pull.number, pull.user.login, pull.mergeable],
            "pulls": [it.number for it in repo.get_pulls(state="open")],
            "bodies": bodies,
            "labels": sorted(it.name for it in repo.get_issue(issue.number).labels),
            "states": states,
            "deployments": [it.environment for it in repo.get_deployments()],
            "environments": [it.name for it in repo.get_environments()],
            "check": check.conclusion,
            "limit": github.get_rate_limit().rate.remaining > 0,
            "beyond": {
                "commit": refusal(lambda: repo.get_commit(pull.head.sha)),
                "files": refusal(lambda: list(pull.get_files())),
                "branches": refusal(lambda: list(repo.get_branches())),
                "reaction": refusal(lambda: pull.create_issue_comment("three").create_reaction("eyes")),
            },
        }
    )
)
