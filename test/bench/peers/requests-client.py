"""What a site would write with Python's requests: reads the mail, locks, looks the group up, adds the post.

Stands for the smtp2gs of version 3, which was built on the same libraries (argparse, ConfigParser, email, requests).
"""

import argparse
import base64
import configparser
import email.parser
import fcntl
import sys

import requests

parser = argparse.ArgumentParser()
parser.add_argument("url")
parser.add_argument("--config")
parser.add_argument("--recipient")
parser.add_argument("--lock")
parser.add_argument("--ca-file")
arguments = parser.parse_args()

config = configparser.RawConfigParser()
config.read(arguments.config)
token = config.get("webservice-default", "token")

mail = sys.stdin.buffer.read()
header = email.parser.BytesHeaderParser().parsebytes(mail)
recipient = arguments.recipient or header["X-Original-To"]

lock = open(arguments.lock, "w")
fcntl.flock(lock, fcntl.LOCK_EX)

session = requests.Session()
session.verify = arguments.ca_file or True


def post(page, fields):
    answer = session.post(arguments.url + page, files={"form." + name: (None, value) for name, value in fields.items()})
    answer.raise_for_status()
    return answer


group = post(
    "/gs-group-messages-add-group-exists.html", {"email": recipient, "token": token, "actions.check": "Check"}
).json()["groupId"]
page = post(
    "/gs-group-messages-add-email.html",
    {
        "emailMessage": base64.b64encode(mail),
        "groupId": group,
        "timeSource": "server",
        "token": token,
        "actions.add": "Add",
    },
)
sys.exit(0 if "alert-info" in page.text else 75)
