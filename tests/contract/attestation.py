"""Reads the attestation of a permit as others do: securesystemslib checks the envelope (DSSE) by a public key, in-toto's own
package reads the statement. Prints its subjects. Called with the files of the envelope and of the keys (PEM, each after its id)."""

import json
import sys

from cryptography.hazmat.primitives.serialization import load_pem_public_key
from google.protobuf.json_format import ParseDict
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey

with open(sys.argv[1], encoding="utf-8") as file:
    envelope = Envelope.from_dict(json.load(file))
with open(sys.argv[2], encoding="utf-8") as file:
    keyid, _, pem = file.read().partition("\n")
key = SSlibKey.from_crypto(load_pem_public_key(pem.encode()), keyid=keyid)
try:
    envelope.verify([key], 1)
except VerificationError as error:
    sys.exit(f"refused: {error}")
message = ParseDict(json.loads(envelope.payload), statement_pb2.Statement())
statement = Statement.copy_from_pb(message)
statement.validate()
for subject in statement.pb.subject:
    for name, digest in subject.digest.items():
        print(subject.name, name, digest)
