"""What other implementations say of documents. In: JSON, a list of {form, version, path}; out: JSON, path -> list of faults."""

import json
import sys


def judge_spdx(path, version):
    from spdx_tools.spdx.parser.error import SPDXParsingError
    from spdx_tools.spdx.parser.parse_anything import parse_file
    from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

    try:
        document = parse_file(path)
    except SPDXParsingError as error:
        return error.messages
    return [found.validation_message for found in validate_full_spdx_document(document, f"SPDX-{version}")]


def judge_cyclonedx(path, version, form):
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator
    from cyclonedx.validation.xml import XmlValidator

    validator = (XmlValidator if form.endswith("xml") else JsonStrictValidator)(SchemaVersion.from_version(version))
    with open(path, encoding="utf-8") as file:
        fault = validator.validate_str(file.read())
    return [] if fault is None else [str(fault.data)[:500]]


def judge_spdx3(path, schemas):
    import pyshacl
    import rdflib

    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    with open(f"{schemas}/spdx-3.0.1.context.jsonld", encoding="utf-8") as file:
        document["@context"] = json.load(file)["@context"]
    data = rdflib.Graph().parse(data=json.dumps(document), format="json-ld")
    if len(data) == 0:
        return ["no statements"]
    model = f"{schemas}/spdx-3.0.1-model.ttl"
    conforms, _, text = pyshacl.validate(data, shacl_graph=model, ont_graph=model, inference="none")
    return [] if conforms else [text[:2000]]


def judge(document, schemas):
    form, version, path = document["form"], document["version"], document["path"]
    if form.startswith("cyclonedx"):
        return judge_cyclonedx(path, version, form)
    return judge_spdx3(path, schemas) if version == "3.0" else judge_spdx(path, version)


if __name__ == "__main__":
    json.dump({document["path"]: judge(document, sys.argv[1]) for document in json.load(sys.stdin)}, sys.stdout)
