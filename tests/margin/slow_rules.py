# SPDX-License-Identifier: Apache-2.0
# Copyright the settle authors.
"""Margin from its definitions, in exact fractions of a quantum.

Nothing here is fast, and nothing is taken from the C++ that it is compared with: what a position is
worth and demands is written as the headers of include/settle/margin document it. A book is a
dictionary as tests/margin/margin_json.cc describes it, with integers in the place of digits.

  answer = judge(book)               what margin_json answers to it
  answer = judge(book, rules)        by other rules: the plants of slow_model.py
"""

import collections
import dataclasses
import typing
from fractions import Fraction
from math import ceil, floor

MILLION = 10**6
LEAST, MOST = -(2**127), 2**127 - 1
MAX_NOTIONAL = 2**96
MAX_LOT_VALUE = (2**63 - 1) // (2 * MILLION)
MAX_EQUITY = MOST // MILLION
MAX_LOTS = 2**63 - 1
CONTRACT = 2**31

# Of two the first is given.
REGISTRATION = ("WrongAssetKind", "WrongCompartment", "BadMultiplier", "BadRate", "BadBounds",
                "WrongQuote", "DuplicateInstrument", "BadTiers", "BadCollateral", "BadParameters")
VALUATION = ("UnknownInstrument", "UnvaluedDebt", "PositionTooLarge", "MissingPrice",
             "PriceOutOfRange", "MarginOverflow")
TRANSITION = ("InitialMargin", "MaintenanceRises", "MaintenanceWorsens", "ProfitTaken")

NO_COLLATERAL = {"lot_size": 1, "initial_haircut": MILLION, "maintenance_haircut": MILLION,
                 "cap": MAX_EQUITY, "issuer": 0}


class Refused(Exception):
    """Why something cannot be judged."""


@dataclasses.dataclass(frozen=True)
class Rules:
    """Every rounding and threshold that could be wrong by one."""

    inverse_value: typing.Callable = floor
    inverse_notional: typing.Callable = ceil
    premium: typing.Callable = ceil  # to millionths
    token_value: typing.Callable = floor
    token_counted: typing.Callable = floor
    rate: typing.Callable = ceil  # that open interest scales, in parts per million
    rate_per_leg: typing.Callable = floor
    requirement_per_leg: typing.Callable = ceil
    maintenance_rounds_twice: bool = True
    tier_begins: int = 0  # so many quanta later
    uses_slow: bool = True
    debits_are_gone: bool = True
    lots_may_move: bool = True  # those that are reserved
    counts_elsewhere: bool = True
    issuer_counts: bool = False
    largest_position: int = 0  # so many lots larger
    quanta_between_ends: int = 2
    profit_of_either: typing.Callable = ceil
    profit_beyond: int = 0  # so many quanta more than the cap
    initial_is_strict: bool = False
    ratio_is_strict: bool = False
    withdrawals_have_a_cap: bool = True
    profit_stays: bool = True
    headroom_counts: bool = True
    precedence: typing.Callable = min


def is_contract(asset):
    return asset >= CONTRACT


def fits(quanta):
    """Whether an amount in quanta is a number of millionths in 128 bits."""
    return LEAST <= quanta * MILLION <= MOST


def first_of(refusals, order, rules):
    return order[rules.precedence(order.index(refusal) for refusal in refusals)]


# --- registration -------------------------------------------------------------------------------

def are_rates(terms):
    return 0 <= terms["maintenance"] <= terms["initial"] <= MILLION


def curve_refusal(curve):
    charges = 0 <= curve["maintenance_per_lot"] <= curve["initial_per_lot"] <= MAX_LOT_VALUE
    premium = curve["premium"]
    if not (are_rates(curve) and charges and are_rates(premium) and premium["scale"] >= 0):
        return "BadRate"
    below = {"floor": 0, "initial": curve["initial"], "maintenance": curve["maintenance"]}
    for tier in curve["tiers"]:
        rises = (below["floor"] < tier["floor"] and below["initial"] <= tier["initial"]
                 and below["maintenance"] <= tier["maintenance"])
        if not rises or not are_rates(tier):
            return "BadTiers"
        below = tier
    lower, upper = curve["open_interest"]["lower"], curve["open_interest"]["upper"]
    return None if lower == upper == 0 or 0 <= lower < upper else "BadTiers"


def has_curve(instrument):
    charges = [instrument[name] for name in (
        "initial", "maintenance", "initial_per_lot", "maintenance_per_lot", "tiers")]
    return any(charges + [*instrument["premium"].values(), *instrument["open_interest"].values()])


def collateral_holds(instrument):
    terms = instrument["collateral"]
    if instrument["kind"] != "spot":
        return terms == NO_COLLATERAL
    haircuts = {"initial": terms["initial_haircut"], "maintenance": terms["maintenance_haircut"]}
    return (terms["lot_size"] > 0 and are_rates(haircuts) and 0 <= terms["cap"] <= MAX_EQUITY
            and instrument["asset"] != instrument["quote"] and not has_curve(instrument))


def bounds_hold(instrument):
    kind, lots, low, high = (instrument[name] for name in (
        "kind", "max_lots", "min_price", "max_price"))
    if high < 1 or high < low or (lots != 0 if kind == "spot" else lots < 1):
        return False
    if low < {"linear": low, "inverse": 1}.get(kind, 0):
        return False
    price = Fraction(1, low) if kind == "inverse" else max(abs(low), abs(high))
    lot = price * instrument["multiplier"]
    return ceil(lot) <= MAX_LOT_VALUE and ceil(lot * lots) <= MAX_NOTIONAL


def instrument_refusal(instrument):
    is_spot = instrument["kind"] == "spot"
    if is_contract(instrument["asset"]) == is_spot or is_contract(instrument["quote"]):
        return "WrongAssetKind"
    if (instrument["compartment"] == 0) != is_spot:
        return "WrongCompartment"
    if instrument["multiplier"] <= 0:
        return "BadMultiplier"
    refusal = None if bounds_hold(instrument) else "BadBounds"
    return curve_refusal(instrument) or (
        refusal if collateral_holds(instrument) else "BadCollateral")


def registration(book, rules):
    """Why the table or the parameters are refused, or None."""
    refusals = ["WrongAssetKind"] if is_contract(book["quote"]) else []
    for instrument in book["instruments"]:
        refusals += [refusal for refusal in [instrument_refusal(instrument)] if refusal]
        if instrument["quote"] != book["quote"]:
            refusals.append("WrongQuote")
    if refusals:
        return first_of(refusals, REGISTRATION, rules)
    assets = [instrument["asset"] for instrument in book["instruments"]]
    places = [i["compartment"] for i in book["instruments"] if i["kind"] != "spot"]
    if len(set(assets)) < len(assets) or len(set(places)) < len(places):
        return "DuplicateInstrument"
    holds = 0 <= book["withdrawal_profit_cap"] <= book["profit_cap"] <= MAX_EQUITY
    return None if holds else "BadParameters"


# --- one position -------------------------------------------------------------------------------

def notional_of(instrument, lots, price, rules):
    """By what a requirement is measured: the size of the value, up."""
    if instrument["kind"] == "inverse":
        return rules.inverse_notional(Fraction(abs(lots) * instrument["multiplier"], price))
    return abs(lots * price * instrument["multiplier"])


def worth_of(instrument, lots, price, rules):
    if instrument["kind"] == "inverse":
        return rules.inverse_value(Fraction(-lots * instrument["multiplier"], price))
    return lots * price * instrument["multiplier"]


def curve_demand(curve, notional, lots, market_rate, rules):
    """(initial, maintenance) of a size, in quanta."""
    bottoms = [0] + [tier["floor"] + rules.tier_begins for tier in curve["tiers"]]
    tops = bottoms[1:] + [max(notional, bottoms[-1])]
    steps = [curve] + curve["tiers"]
    demand = {}
    for which in ("initial", "maintenance"):
        demand[which] = sum(
            Fraction(max(0, min(notional, top) - bottom) * step[which], MILLION)
            for bottom, top, step in zip(bottoms, tops, steps))
    demand["initial"] = max(demand["initial"], Fraction(notional * market_rate, MILLION))
    scale = curve["premium"]["scale"]
    for which in ("initial", "maintenance"):
        demand[which] += curve[which + "_per_lot"] * lots
        if scale:
            rate = curve["premium"][which]
            demand[which] += Fraction(rules.premium(Fraction(notional * rate * lots, scale)),
                                      MILLION)
        if not fits(demand[which]):
            raise Refused("MarginOverflow")
    return demand["initial"], demand["maintenance"]


def demand_above(instrument, lots, elsewhere, price, market_rate, rules):
    """What the position demands on top of what its owner has elsewhere."""
    size = notional_of(instrument, lots, price, rules)
    if elsewhere == 0:
        return curve_demand(instrument, size, abs(lots), market_rate, rules)
    there = notional_of(instrument, elsewhere, price, rules)
    if abs(lots) + elsewhere > MAX_LOTS:
        raise Refused("MarginOverflow")
    whole = curve_demand(instrument, size + there, abs(lots) + elsewhere, market_rate, rules)
    part = curve_demand(instrument, there, elsewhere, market_rate, rules)
    maintenance = whole[1] - part[1]
    return max(whole[0] - part[0], maintenance), maintenance


def demand_of(instrument, lots, elsewhere, price, market_rate, policy, rules):
    initial, maintenance = demand_above(instrument, lots, elsewhere, price, market_rate, rules)
    if policy == "exact_ppm":
        return initial, maintenance
    whole = rules.requirement_per_leg(initial)
    kept = rules.requirement_per_leg(maintenance)
    # At a flat rate dYdX's maintenance is a fraction of its initial margin.
    is_flat = not instrument["tiers"] and not instrument["premium"]["scale"]
    if is_flat and instrument["initial_per_lot"] == 0 and instrument["initial"] != 0:
        notional = notional_of(instrument, lots, price, rules)
        base = Fraction(notional * instrument["initial"], MILLION)
        if rules.maintenance_rounds_twice:
            base = ceil(base)
        kept = ceil(base * Fraction(instrument["maintenance"], instrument["initial"]))
    if not (fits(whole) and fits(kept)):
        raise Refused("MarginOverflow")
    return Fraction(whole), Fraction(kept)


def market_rate_at(instrument, interest, policy, rules):
    """The initial rate of the whole market, in parts per million; 0 where nothing scales it."""
    lower, upper = instrument["open_interest"]["lower"], instrument["open_interest"]["upper"]
    if upper == 0:
        return 0
    notional = notional_of(instrument, min(interest, MAX_LOTS), instrument["mark"], rules)
    notional = min(notional, MAX_NOTIONAL)
    share = min(max(Fraction(notional - lower, upper - lower), 0), 1)
    rounding = rules.rate if policy == "exact_ppm" else rules.rate_per_leg
    return instrument["initial"] + rounding((MILLION - instrument["initial"]) * share)


@dataclasses.dataclass
class Position:
    lots: int
    value: int
    worse_value: int
    headroom: Fraction  # what initial margin leaves of its value
    maintenance: Fraction


def allows(instrument, price):
    return price is not None and instrument["min_price"] <= price <= instrument["max_price"]


def judge_position(instrument, lots, elsewhere, interest, policy, rules):
    if lots == 0:
        return Position(0, 0, 0, Fraction(0), Fraction(0))
    if abs(lots) > instrument["max_lots"] + rules.largest_position:
        raise Refused("PositionTooLarge")
    mark = instrument["mark"]
    if mark is None:
        raise Refused("MissingPrice")
    slow = instrument["slow"] if instrument["slow"] is not None and rules.uses_slow else mark
    if not (allows(instrument, mark) and allows(instrument, slow)):
        raise Refused("PriceOutOfRange")
    rate = market_rate_at(instrument, interest, policy, rules)
    value, slow_value = (worth_of(instrument, lots, price, rules) for price in (mark, slow))
    initial, maintenance = demand_of(instrument, lots, elsewhere, mark, rate, policy, rules)
    slow_initial, _ = demand_of(instrument, lots, elsewhere, slow, rate, policy, rules)
    if not fits(slow_initial + value - slow_value):
        raise Refused("MarginOverflow")
    return Position(lots, value, min(value, slow_value),
                    min(value - initial, slow_value - slow_initial), maintenance)


# --- an account ---------------------------------------------------------------------------------

@dataclasses.dataclass
class Sum:
    equity: int = 0
    profit: int = 0
    initial: Fraction = Fraction(0)
    maintenance: Fraction = Fraction(0)


class Account:
    """The sum of what the balances of one account contribute."""

    def __init__(self, book, balances, rules):
        self.book, self.balances, self.rules = book, balances, rules
        self.policy = book["policy"]
        self.sum = Sum()

    def total(self):
        refusals = []
        for balance in self.balances:
            try:
                self.add(balance)
            except Refused as refusal:
                refusals.append(str(refusal))
        if not (fits(self.sum.initial) and fits(self.sum.maintenance)):
            refusals.append("MarginOverflow")
        if refusals:
            raise Refused(first_of(refusals, VALUATION, self.rules))
        return self.sum

    def add(self, balance):
        if is_contract(balance["asset"]):
            self.add_contract(balance)
        elif balance["asset"] == self.book["quote"]:
            self.add_quote(balance)
        else:
            self.add_token(balance)

    def contract_in(self, compartment):
        for instrument in self.book["instruments"]:
            if instrument["kind"] != "spot" and instrument["compartment"] == compartment:
                return instrument
        return None

    def least(self, balance):
        return balance["posted"] - (balance["debits"] if self.rules.debits_are_gone else 0)

    def add_quote(self, balance):
        least = self.least(balance)
        if balance["compartment"] != 0 and self.contract_in(balance["compartment"]) is None:
            if least < 0:
                raise Refused("UnvaluedDebt")
        elif abs(least) > MAX_EQUITY:
            raise Refused("MarginOverflow")
        else:
            self.sum.equity += least

    def add_token(self, balance):
        least = self.least(balance)
        if least < 0:
            raise Refused("UnvaluedDebt")
        for token in self.book["instruments"]:
            is_it = token["kind"] == "spot" and token["asset"] == balance["asset"]
            if is_it and balance["compartment"] == 0 and least > 0:
                self.add_collateral(token, least)

    def add_collateral(self, token, units):
        rules, terms = self.rules, token["collateral"]
        mark = token["mark"]
        slow = token["slow"] if token["slow"] is not None and rules.uses_slow else mark
        is_own = terms["issuer"] == self.book["owner"] and not rules.issuer_counts
        if is_own or not (allows(token, mark) and allows(token, slow)):
            return
        value, slow_value = (
            rules.token_value(Fraction(units * price * token["multiplier"], terms["lot_size"]))
            for price in (mark, slow))

        def counted(worth, haircut):
            share = Fraction(MILLION - terms[haircut], MILLION)
            return rules.token_counted(min(worth, terms["cap"]) * share)

        kept = counted(value, "maintenance_haircut")
        self.sum.equity += kept
        self.sum.initial += kept - counted(min(value, slow_value), "initial_haircut")

    def elsewhere(self, asset):
        here = (self.book["owner"], self.book["group"])
        lots = sum(abs(one["lots"]) for one in self.book["elsewhere"]
                   if one["asset"] == asset and one["owner"] == here[0]
                   and (one["owner"], one["group"]) != here)
        return min(lots, MAX_LOTS) if self.rules.counts_elsewhere else 0

    def add_contract(self, balance):
        posted = balance["posted"]
        if posted == 0 and balance["debits"] == 0 and balance["credits"] == 0:
            return
        instrument = self.contract_in(balance["compartment"])
        if instrument is None or instrument["asset"] != balance["asset"]:
            raise Refused("UnknownInstrument")
        ends = [posted, posted]
        if self.rules.lots_may_move:
            ends = [posted - balance["debits"], posted + balance["credits"]]
        # Beyond 128 bits there is no balance; beyond 64 bits there are no lots.
        if not all(LEAST <= lots <= MOST for lots in ends):
            raise Refused("PositionTooLarge")
        low, high = positions = [
            judge_position(instrument, lots, self.elsewhere(balance["asset"]), balance["interest"],
                           self.policy, self.rules) for lots in ends]
        value = min(position.value for position in positions)
        headroom = min(position.headroom for position in positions)
        if low.lots != high.lots and instrument["kind"] == "inverse":
            # Between the two ends its value is rounded down and its notional up as well.
            headroom -= self.rules.quanta_between_ends
        self.sum.equity += value
        self.sum.initial += value - headroom
        self.sum.maintenance += max(position.maintenance for position in positions)
        if self.book["withdrawal_profit_cap"] < MAX_EQUITY:
            self.add_profit(balance["compartment"], low, high)

    def add_profit(self, compartment, low, high):
        """Of a position that may end as either: what of its headroom is profit, up."""
        beside = sum(self.least(other) for other in self.balances
                     if other["compartment"] == compartment
                     and other["asset"] == self.book["quote"])
        profits = [max(0, end.worse_value + beside) if end.lots else 0 for end in (low, high)]
        common = min(profits)
        without = [end.headroom - (profit - common) for end, profit in zip((low, high), profits)]
        left_out = min(low.headroom, high.headroom) - min(without)
        if low.lots != high.lots and not (
                all(fits(amount) for amount in without) and fits(left_out)
                and all(fits(profit - common) for profit in profits)):
            raise Refused("MarginOverflow")
        self.sum.profit += common + self.rules.profit_of_either(left_out)
