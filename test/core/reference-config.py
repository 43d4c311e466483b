"""Reads configuration files with Python's own configparser, to compare ours with.

Takes a JSON list of {"text", "instance"} on stdin and prints one of {"token", "relayPrefix"}, or null for a file that
cannot be used. Python 3 is told to take comments and duplicates as Python 2 did, which 3.x ran on.
"""

import configparser
import io
import json
import re
import sys


def settings(text, instance):
    parser = configparser.ConfigParser(strict=False, inline_comment_prefixes=(";",))
    try:
        parser.read_file(io.StringIO(text, newline=None))
    except configparser.Error:
        return None

    def value(section, key):
        return parser.get(section, key).strip() if section and parser.has_option(section, key) else None

    chosen = "config-" + instance if parser.has_section("config-" + instance) else None
    name = value(chosen, "webservice") if chosen else instance
    if name is None or not parser.has_section("webservice-" + name):
        return None
    token = value("webservice-" + name, "token")
    if not token or not re.fullmatch("[ -~]+", token):
        return None
    smtp = value(chosen, "smtp")
    prefix = value("smtp-" + smtp, "relay-address-prefix") if smtp is not None else None
    if prefix == "":
        return None
    return {"token": token, "relayPrefix": "p-" if prefix is None else prefix}


json.dump([settings(**case) for case in json.load(sys.stdin)], sys.stdout)
