"""Prints the template (argv 1) as the SAM translator of CloudFormation turns it into plain resources, as JSON.

Works without network and without an account. Used by template-transform.test.ts, which skips where samtranslator is missing.
"""

import json
import sys

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class NoManagedPolicies:
    """In place of the loader that asks IAM for the policies managed by AWS: this template may use none."""

    def load(self):
        return {}


with open(sys.argv[1], encoding="utf-8") as file:
    template = yaml_parse(file.read())

for resource in template["Resources"].values():
    if resource["Type"] == "AWS::Serverless::Function":
        resource["Properties"]["CodeUri"] = "s3://bucket/key"  # what `sam deploy` puts there after the upload

json.dump(transform(template, {}, NoManagedPolicies()), sys.stdout)
