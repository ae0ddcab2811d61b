"""Deployment: what is wanted in an account, the CloudFormation stacks that give it, and their life.

`wanted` and `deployment` are values; `template` makes one from the other and calls nothing. What calls AWS does so
through `vedette.aws`, and what draws is in `vedette.cli`.
"""
