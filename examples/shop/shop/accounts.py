"""Settle accounts: two workers must not settle the same one at a time."""

from huey_tasks import default, task

balances: dict[int, float] = {}


@task(retries=3)
def settle_account(customer_id: int, amount: float) -> float:
    """Book an amount; while another worker books for this customer, the task waits in its queue."""
    with default.lock_task(f"account-{customer_id}"):
        balances[customer_id] = balances.get(customer_id, 0.0) + amount
        return balances[customer_id]
