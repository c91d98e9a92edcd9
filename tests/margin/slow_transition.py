# SPDX-License-Identifier: Apache-2.0
# Copyright the settle authors.
"""The model of margin, continued: what an account comes to, and what it may become."""

import collections
from fractions import Fraction

from slow_rules import (MAX_EQUITY, MILLION, Account, Refused, Rules, allows, fits, is_contract,
                        notional_of, registration, worth_of)

Risk = collections.namedtuple("Risk", "equity maintenance headroom")


def finish(total, cap, rules):
    counted = total.equity - max(0, total.profit - cap - rules.profit_beyond)
    headroom = counted - total.initial
    if not (fits(counted) and fits(headroom)):
        raise Refused("MarginOverflow")
    return Risk(total.equity, total.maintenance, headroom)


def initial_holds(risk, rules):
    return risk.headroom > 0 if rules.initial_is_strict else risk.headroom >= 0


def is_no_worse(before, after, rules):
    """Whether neither equity / maintenance nor headroom / maintenance fell."""
    if before.maintenance == 0 or after.maintenance == 0:
        return (before.maintenance == after.maintenance and after.equity > before.equity
                and after.headroom >= before.headroom)
    old, new = before.equity / before.maintenance, after.equity / after.maintenance
    if rules.headroom_counts and (after.headroom / after.maintenance
                                  < before.headroom / before.maintenance):
        return False
    return new > old if rules.ratio_is_strict else new >= old


def initial_of_change(old, new, instrument, rules):
    """What the first rate demands of the lots that change, or nothing for what cannot be."""
    traded = 0
    for name in ("posted", "debits", "credits"):
        lots = new[name] - old[name]
        if not -(2**63) <= lots < 2**63:
            return None
        if lots == 0 or instrument is None or not allows(instrument, instrument["mark"]):
            continue
        if abs(lots) <= instrument["max_lots"]:
            notional = notional_of(instrument, lots, instrument["mark"], rules)
            traded += Fraction(notional * instrument["initial"], MILLION)
    return traded


def profit_of(book, balances, balance, instrument, rules):
    """What a position has gained, or nothing for one that cannot be judged."""
    if not (-(2**63) <= balance["posted"] < 2**63 and
            abs(balance["posted"]) <= instrument["max_lots"]):
        return None
    beside = [other["posted"] - other["debits"] for other in balances
              if other["compartment"] == balance["compartment"] and other["asset"] == book["quote"]]
    return worth_of(instrument, balance["posted"], instrument["mark"], rules) + sum(beside[:1])


def takes_profit(book, rules):
    """Whether profit leaves a position by more than it is closed."""
    account = Account(book, book["after"], rules)
    for old, new in zip(book["before"], book["after"]):
        instrument = account.contract_in(old["compartment"])
        if not is_contract(old["asset"]) or old["posted"] == 0 or instrument is None or (
                not allows(instrument, instrument["mark"])):
            continue
        had = profit_of(book, book["before"], old, instrument, rules)
        has = profit_of(book, book["after"], new, instrument, rules)
        traded = initial_of_change(old, new, instrument, rules)
        if None in (had, has, traded) or had <= 0:
            continue
        held, now = old["posted"], new["posted"]
        left = min(abs(held), abs(now)) if (held > 0) == (now > 0) and now != 0 else 0
        if has < had * left // abs(held) - traded // 1:
            return True
    return False


def is_trade(book, rules):
    """Whether the account loses less than initial margin of the lots that change hands."""
    after = Account(book, book["after"], rules)
    try:
        lost = -after.total().equity
        lost += Account(book, book["before"], rules).total().equity
    except Refused:
        return False
    parts = [initial_of_change(old, new, after.contract_in(new["compartment"]), rules)
             for old, new in zip(book["before"], book["after"]) if is_contract(new["asset"])]
    return None not in parts and lost < sum(parts)


def verdict_on(book, rules):
    """What the transition rule says."""
    cap = book["profit_cap"]
    if book["withdrawal_profit_cap"] < MAX_EQUITY:
        if rules.profit_stays and takes_profit(book, rules):
            return "ProfitTaken"
        if rules.withdrawals_have_a_cap and not is_trade(book, rules):
            cap = book["withdrawal_profit_cap"]
    try:
        after = finish(Account(book, book["after"], rules).total(), cap, rules)
        if initial_holds(after, rules):
            return "Ok"
        before = finish(Account(book, book["before"], rules).total(), cap, rules)
    except Refused as refusal:
        return str(refusal)
    held = initial_holds(before, rules)
    if after.maintenance > before.maintenance:
        return "InitialMargin" if held else "MaintenanceRises"
    if not is_no_worse(before, after, rules):
        return "InitialMargin" if held else "MaintenanceWorsens"
    return "Ok"


def describe(book, balances, rules):
    try:
        total = Account(book, balances, rules).total()
        risk = finish(total, book["profit_cap"], rules)
    except Refused as refusal:
        return {"reason": str(refusal)}
    micro = {"initial": total.initial, "maintenance": risk.maintenance,
             "initial_headroom": risk.headroom}
    return {"equity": str(risk.equity), "profit": str(total.profit),
            **{name: str(quanta * MILLION) for name, quanta in micro.items()}}


def judge(book, rules=Rules()):
    """The answer to a book."""
    refusal = registration(book, rules)
    if refusal:
        return {"refused": refusal}
    answer = {"before": describe(book, book["before"], rules)}
    if book["after"] is not None:
        answer["after"] = describe(book, book["after"], rules)
        answer["verdict"] = verdict_on(book, rules)
    return answer
