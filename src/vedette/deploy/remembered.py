"""What a deployment was asked for, kept with it: options that the next command takes as given.

They are metadata of one resource of the first stack: CloudFormation takes a change of that alone, and refuses one of a
template's own metadata. Values of secrets are never among them, only references. Source: CloudFormation user guide,
"Metadata" (the section cannot be updated by itself).
"""

from __future__ import annotations

from collections.abc import Mapping

from vedette.aws import AwsClient
from vedette.deploy import stacks
from vedette.deploy.answers import mapping
from vedette.deploy.names import BASE, NAME_TAG
from vedette.deploy.stacks import Phase
from vedette.deploy.template.topics import DEAD_QUEUE_ALARM


def remembered(cfn: AwsClient, name: str) -> Mapping[str, object]:
    """The options of the deployment of that name; none where nothing of ours stands."""
    state = stacks.find(cfn, f"{name}-{BASE}")
    if state is None or state.phase in (Phase.REVIEWED, Phase.FAILED) or state.tags.get(NAME_TAG) != name:
        return {}
    holder = mapping(mapping(stacks.template_of(cfn, state.name), "Resources"), DEAD_QUEUE_ALARM)
    return mapping(mapping(mapping(holder, "Metadata"), "Vedette"), "Options")
