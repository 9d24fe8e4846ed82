"""A charge that happens once for each order, with records kept in a file."""

import json
import os
import pathlib
import tempfile
from typing import Any

from aws_lambda_powertools.utilities.idempotency import IdempotencyConfig, idempotent
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyItemAlreadyExistsError,
    IdempotencyItemNotFoundError,
)
from aws_lambda_powertools.utilities.idempotency.persistence.base import BasePersistenceLayer
from aws_lambda_powertools.utilities.idempotency.persistence.datarecord import DataRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

folder = pathlib.Path(tempfile.gettempdir())
charges = 0


class Files(BasePersistenceLayer):
    """One file a record."""

    def _file(self, key: str) -> pathlib.Path:
        return folder / key.replace("/", "_").replace("#", "_")

    def _get_record(self, idempotency_key: str) -> DataRecord:
        try:
            return DataRecord(**json.loads(self._file(idempotency_key).read_text()))
        except FileNotFoundError:
            raise IdempotencyItemNotFoundError from None

    def _put_record(self, data_record: DataRecord) -> None:
        if self._file(data_record.idempotency_key).exists():
            raise IdempotencyItemAlreadyExistsError
        self._update_record(data_record)

    def _update_record(self, data_record: DataRecord) -> None:
        kept = {
            "idempotency_key": data_record.idempotency_key,
            "status": data_record.status,
            "expiry_timestamp": data_record.expiry_timestamp,
            "response_data": data_record.response_data,
        }
        self._file(data_record.idempotency_key).write_text(json.dumps(kept))

    def _delete_record(self, data_record: DataRecord) -> None:
        self._file(data_record.idempotency_key).unlink()


config = IdempotencyConfig(event_key_jmespath="order")


@idempotent(persistence_store=Files(), config=config)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Charge an order."""
    global charges
    charges += 1
    if event.get("fails"):
        raise RuntimeError("the bank is closed")
    return {"order": event["order"], "charges": charges, "pid": os.getpid()}
