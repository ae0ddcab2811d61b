"""From what is wanted to CloudFormation stacks. Pure: the same wish gives the same bytes."""
