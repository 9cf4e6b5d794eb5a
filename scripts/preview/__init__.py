"""What a person or a pull request is shown of stacks before anything exists."""
