"""The forge: repositories, pull requests, releases and workflows, as GitHub's API shows them."""
