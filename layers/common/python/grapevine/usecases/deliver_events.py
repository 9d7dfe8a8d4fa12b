"""Send a subscription the events of one log, in order for each thing that they are about."""

from __future__ import annotations

from datetime import timedelta

from grapevine.domain.errors import SubscriptionMovedError
from grapevine.usecases.run_lane import Clock, Delivered, DeliverEvents, DeliverPorts, LaneRun

__all__ = ["Clock", "DeliverEvents", "DeliverPorts", "Delivered", "deliver_events"]

LEASE = timedelta(seconds=90)
"""How long a lane is somebody's: longer than a function runs, so that it is never two's."""


class LaneBusyError(SubscriptionMovedError):
    """Somebody else is at the lane; what was asked has to be asked again."""


def deliver_events(command: DeliverEvents, ports: DeliverPorts, clock: Clock) -> Delivered:
    """Bring a subscription as far in one log as it goes now.

    Whoever comes while somebody else works there leaves it to them: they look once more when they
    have left. LaneBusyError where something was asked beside it.
    """
    done = Delivered()
    asked = bool(command.again) or command.replay_from is not None
    subscription = ports.subscriptions.subscription(command.program_id, command.subscription_id)
    if subscription is None or not (asked or subscription.may_try(clock())):
        return done
    now = clock()
    lane = ports.subscriptions.take_lane(subscription.id, command.slot, now, now + LEASE)
    if lane is None:
        if asked:
            raise LaneBusyError(f"{subscription.id} {command.slot}")
        return done
    run = LaneRun(subscription, lane, ports, clock, done)
    try:
        run.prepare(command)
        run.work()
    finally:
        run.leave()
    run.look_again()
    return done
