# SPDX-License-Identifier: Apache-2.0
# Copyright the settle authors.
"""Random books for slow_model.py: ordinary ones, and numbers within one of everything that counts.

Prices, sizes, tiers, caps and open interest stand often at a bound or one beside it; cash is often
what makes initial margin hold to the last quantum, or fail by one; and of two states of an account
the second is often as safe as the first to the last quantum, or less so by one.
"""

import copy
from math import ceil

import slow_rules as rules
import slow_transition

QUOTE = 0
UNKNOWN_TOKEN = 9
OWNER, GROUP = 5, 1


class Books:
    """An endless row of books out of one generator (random.Random)."""

    def __init__(self, random):
        self.random = random

    # --- numbers --------------------------------------------------------------------------------

    def chance(self, times, of):
        return self.random.randrange(of) < times

    def any_size(self, most):
        """0 to most, of any magnitude."""
        number = self.random.getrandbits(most.bit_length()) if most > 0 else 0
        return min(most, number >> self.random.randrange(most.bit_length() + 1))

    def between(self, low, high):
        """low to high, often one of them or beside it."""
        kind = self.random.randrange(8)
        if kind < 2:
            return (low, high)[kind]
        if kind < 4:
            return min(high, max(low, (low + 1, high - 1)[kind - 2]))
        return min(high, low + self.any_size(high - low))

    def beside(self, number):
        return number + self.random.choice((-1, 0, 0, 1))

    def rates(self, least=(0, 0), most=rules.MILLION):
        initial = self.between(least[0], most)
        return initial, min(initial, self.between(least[1], max(initial, least[1])))

    # --- instruments ----------------------------------------------------------------------------

    def curve(self, lot_value, most_lots):
        """Rates and charges of an instrument of which one lot may be worth so much."""
        largest = min(rules.MAX_NOTIONAL, lot_value * most_lots)
        initial, maintenance = self.rates(most=self.random.choice((200_000, rules.MILLION)))
        curve = no_curve()
        curve.update(initial=initial, maintenance=maintenance)
        if self.chance(1, 5):
            curve["initial_per_lot"] = self.any_size(rules.MAX_LOT_VALUE)
            curve["maintenance_per_lot"] = self.between(0, curve["initial_per_lot"])
        if self.chance(2, 5):
            floor, below = 0, (initial, maintenance)
            for _ in range(self.random.randrange(1, 5)):
                floor += 1 + self.any_size(max(1, largest // 2))
                kept = self.between(below[1], rules.MILLION)
                below = (self.between(max(below[0], kept), rules.MILLION), kept)
                curve["tiers"].append(
                    {"floor": floor, "initial": below[0], "maintenance": below[1]})
        if self.chance(1, 4):
            initial, maintenance = self.rates()
            scale = 1 + self.any_size(most_lots)
            curve["premium"] = {"scale": scale, "initial": initial, "maintenance": maintenance}
        if self.chance(1, 3):
            lower = self.any_size(largest)
            upper = lower + 1 + self.any_size(largest)
            curve["open_interest"] = {"lower": lower, "upper": upper}
        return curve

    def contract(self, kind, number):
        small = self.chance(1, 2)
        multiplier = 1 + self.any_size(100 if small else 2**20)
        most = min(rules.MAX_LOT_VALUE // multiplier, 10**6 if small else 2**42)
        max_price = 1 + self.any_size(most - 1)
        min_price = self.any_size(max_price) if self.chance(1, 2) else 0
        if kind == "inverse":
            multiplier = 1 + self.any_size(10**9 if small else rules.MAX_LOT_VALUE - 1)
            min_price = max(1, min_price)
        elif kind == "linear" and self.chance(1, 4):
            min_price = -self.any_size(most)
        if kind == "inverse":
            lot = -(-multiplier // min_price)
        else:
            lot = max(1, max(abs(min_price), max_price) * multiplier)
        max_lots = min(rules.MAX_LOTS, rules.MAX_NOTIONAL // lot)
        max_lots = min(max_lots, 1 + self.any_size(10**6)) if small else max_lots
        max_lots = self.beside(max_lots) if self.chance(1, 20) else max_lots
        instrument = {"kind": kind, "compartment": number, "asset": rules.CONTRACT + number,
                      "quote": QUOTE, "multiplier": multiplier, "min_price": min_price,
                      "max_price": max_price, "max_lots": min(rules.MAX_LOTS, max(1, max_lots)),
                      "collateral": dict(rules.NO_COLLATERAL), "mark": None, "slow": None}
        instrument.update(self.curve(lot, instrument["max_lots"]))
        return instrument

    def token(self, number):
        multiplier = 1 + self.any_size(2**16)
        initial, maintenance = self.rates()
        cap = rules.MAX_EQUITY if self.chance(1, 2) else self.any_size(2**60)
        terms = {"lot_size": 1 + self.any_size(10**9), "initial_haircut": initial,
                 "maintenance_haircut": maintenance, "cap": cap,
                 "issuer": OWNER if self.chance(1, 10) else 0}
        token = {"kind": "spot", "compartment": 0, "asset": number, "quote": QUOTE,
                 "multiplier": multiplier, "min_price": 0,
                 "max_price": 1 + self.any_size(rules.MAX_LOT_VALUE // multiplier - 1),
                 "max_lots": 0, "collateral": terms, "mark": None, "slow": None}
        token.update(no_curve())
        return token

    def spoil(self, instrument):
        """Makes what registration refuses, or what it only just takes."""
        change = self.random.choice((
            {"initial": self.beside(rules.MILLION)},
            {"maintenance": instrument["initial"] + self.random.randrange(2)},
            {"multiplier": self.random.randrange(2)},
            {"max_lots": self.beside(rules.MAX_NOTIONAL // max(1, instrument["max_price"]))
             % 2**63},
            {"max_price": self.beside(rules.MAX_LOT_VALUE // max(1, instrument["multiplier"]))},
            {"max_price": self.random.randrange(2)},
            {"min_price": self.random.choice((-1, 0, 1))},
            {"quote": 1}, {"quote": self.random.choice((QUOTE, 1, rules.CONTRACT))},
            {"asset": self.random.choice((1, QUOTE, rules.CONTRACT + 1))},
            {"asset": instrument["asset"] ^ 3}, {"compartment": self.random.randrange(4)},
            {"compartment": 1 if instrument["kind"] == "spot" else 0},
            {"open_interest": {"lower": self.random.randrange(3), "upper": 1}},
            {"initial_per_lot": self.beside(rules.MAX_LOT_VALUE)},
            {"tiers": [{"floor": self.random.randrange(2), "initial": instrument["initial"],
                        "maintenance": self.beside(instrument["maintenance"])}]},
            {"premium": {"scale": self.random.choice((-1, 0)), "initial": 0, "maintenance": 0}},
            {"collateral": dict(instrument["collateral"],
                                lot_size=self.random.randrange(2), maintenance_haircut=0,
                                cap=self.beside(rules.MAX_EQUITY))}))
        instrument.update(change)

    def price(self, instrument):
        low, high = instrument["min_price"], instrument["max_price"]
        kind = self.random.randrange(40)
        if kind == 0:
            return None
        if kind == 1:
            beyond = self.random.choice((low - 1, high + 1))
            return max(-rules.MAX_LOT_VALUE, min(rules.MAX_LOT_VALUE, beyond))
        return self.between(low, high)

    def instruments(self):
        listed = []
        for number in range(1, 1 + self.random.choice((1, 1, 2, 3, 4))):
            kind = self.random.choice(("linear", "linear", "inverse", "option", "spot"))
            one = self.token(number) if kind == "spot" else self.contract(kind, number)
            one["mark"] = self.price(one)
            slow = self.price(one)
            if one["mark"] is not None and self.chance(1, 3):
                slow = min(max(self.beside(one["mark"]), one["min_price"]), one["max_price"])
            one["slow"] = slow if self.chance(2, 3) else None
            listed.append(one)
        if self.chance(1, 12):
            self.spoil(self.random.choice(listed))
        return listed

    # --- balances -------------------------------------------------------------------------------

    def lots(self, instrument, lot):
        """A size, often at a bound of the instrument or where a tier begins."""
        most = instrument["max_lots"]
        kind = self.random.randrange(8)
        size = self.any_size(most)
        if kind == 0:
            size = self.random.choice((0, 1, most - 1, most))
        elif kind == 1 and self.chance(1, 8):
            size = most + 1
        elif kind < 5 and instrument["tiers"]:
            size = self.beside(self.random.choice(instrument["tiers"])["floor"] // lot)
        return self.random.choice((1, -1)) * max(0, size)

    def interest(self, instrument, lot, lots):
        scale = instrument["open_interest"]
        at = self.random.choice((scale["lower"], scale["upper"],
                                 (scale["lower"] + scale["upper"]) // 2))
        return self.random.choice((abs(lots), max(0, self.beside(at // lot)), at // lot,
                                   self.any_size(2**66), rules.MAX_LOTS))

    def pending(self, balance, most):
        if self.chance(1, 5):
            balance["debits"] = self.any_size(most)
        if self.chance(1, 5):
            balance["credits"] = self.any_size(most)

    def position(self, instrument):
        """The lots of a contract and the quote balance beside them."""
        price = instrument["mark"] or instrument["max_price"]
        try:
            lot = max(1, rules.notional_of(instrument, 1, price, rules.Rules()))
        except ZeroDivisionError:
            lot = 1
        lots = self.lots(instrument, lot)
        contract = balance(instrument["compartment"], instrument["asset"], lots)
        contract["interest"] = self.interest(instrument, lot, lots)
        self.pending(contract, 2**64 if self.chance(1, 30) else max(1, abs(lots)))
        worth = lots * lot if instrument["kind"] == "inverse" else -lots * lot
        cost = balance(instrument["compartment"], instrument["quote"],
                       0 if instrument["kind"] == "option" else self.beside(worth * 9 // 10))
        if self.chance(1, 6):
            cost["posted"] = self.random.choice((1, -1)) * self.any_size(2**100)
        self.pending(cost, max(1, abs(cost["posted"])))
        return [contract, cost]

    def collateral(self, token):
        price = (token["mark"] or 1) * token["multiplier"]
        terms = token["collateral"]
        at_cap = min(rules.MOST // 4, terms["cap"] * terms["lot_size"] // max(1, price))
        units = self.random.choice((self.any_size(2**64), self.beside(at_cap), at_cap,
                                    self.any_size(10**12), -self.random.randrange(3)))
        one = balance(0, token["asset"], units)
        self.pending(one, abs(units))
        return [one]

    def stranger(self):
        """A balance that the table does not know, or not there."""
        return balance(self.random.choice((0, 1, 77)),
                       self.random.choice((UNKNOWN_TOKEN, QUOTE, rules.CONTRACT + 77, 1)),
                       self.random.choice((-1, 0, 1, 17)))

    def account(self, instruments):
        balances = []
        for instrument in instruments:
            if self.chance(1, 6):
                continue
            if instrument["kind"] == "spot":
                balances += self.collateral(instrument)
            else:
                balances += self.position(instrument)
        if self.chance(1, 12):
            balances.append(self.stranger())
        cash = balance(0, QUOTE, self.random.choice((1, -1)) * self.any_size(2**90))
        if self.chance(1, 10):
            self.pending(cash, abs(cash["posted"]))
        return [cash] + balances

    # --- books ----------------------------------------------------------------------------------

    def tune(self, book, balances):
        """Cash of just what initial margin or maintenance takes, or beside it."""
        try:
            total = rules.Account(book, balances, rules.Rules()).total()
            risk = slow_transition.finish(total, self.random.choice((
                book["profit_cap"], book["withdrawal_profit_cap"])), rules.Rules())
        except rules.Refused:
            return
        target = self.random.choice((
            -risk.headroom, -risk.headroom, risk.maintenance - risk.equity,
            (risk.maintenance - risk.equity - risk.headroom) / 2,
            -risk.equity, rules.MAX_EQUITY - balances[0]["posted"]))
        balances[0]["posted"] += self.beside(ceil(target))

    def next_state(self, book):
        """What a transaction may make of the account."""
        after = copy.deepcopy(book["before"])
        kind = self.random.randrange(8)
        one = self.random.choice(after)
        if kind == 0:  # a payment
            after[0]["posted"] += self.random.choice((1, -1)) * self.any_size(2**40)
        elif kind == 1:  # a trade
            moved = self.random.choice((1, -1)) * self.any_size(max(1, abs(one["posted"])))
            one["posted"] += moved
            after[0]["posted"] -= self.beside(self.any_size(2**20))
        elif kind == 2:  # all of it becomes smaller
            for each in after:
                each["posted"] -= each["posted"] // 2
        elif kind == 3:  # exactly half of it, or a quantum beside
            for each, old in zip(after, book["before"]):
                old["posted"] = 2 * each["posted"]
                for name in ("debits", "credits"):
                    old[name] = 2 * each[name]
            after[0]["posted"] = self.beside(after[0]["posted"])
        elif kind == 4:  # a hold
            self.pending(one, max(1, abs(one["posted"])))
        elif kind == 5:  # what is left without positions
            for each in after[1:]:
                each["posted"] = each["debits"] = each["credits"] = 0
            if self.chance(1, 2):
                book["before"] = copy.deepcopy(after)
                after[0]["posted"] = self.beside(after[0]["posted"])
        elif kind == 6:  # twice as much, at the same cost for each lot
            for each in after[1:]:
                each["posted"] *= 2
        else:
            after[0]["posted"] = self.beside(after[0]["posted"])
        if self.chance(1, 3):
            self.tune(book, after)
        return after

    def book(self):
        instruments = self.instruments()
        caps = sorted(self.random.choice((self.any_size(2**60), rules.MAX_EQUITY, 0))
                      for _ in range(2))
        if self.chance(1, 2):
            caps = [rules.MAX_EQUITY] * 2
        if self.chance(1, 60):
            caps = [self.beside(caps[1]), caps[1]]
        contracts = [one["asset"] for one in instruments if one["kind"] != "spot"]
        book = {"policy": self.random.choice(("exact_ppm", "exact_ppm", "ceil_per_leg")),
                "quote": rules.CONTRACT if self.chance(1, 500) else QUOTE,
                "withdrawal_profit_cap": caps[0], "profit_cap": caps[1],
                "instruments": instruments, "owner": OWNER, "group": GROUP, "elsewhere": [],
                "before": self.account(instruments), "after": None}
        while contracts and self.chance(1, 4):
            most = self.random.choice(instruments)["max_lots"] or rules.MAX_LOTS
            book["elsewhere"].append({
                "owner": self.random.choice((OWNER, OWNER, 6)),
                "group": self.random.choice((0, GROUP, 2)),
                "asset": self.random.choice(contracts),
                "lots": self.random.choice((1, -1)) * self.any_size(most)})
        if rules.registration(book, rules.Rules()) is None:
            if self.chance(2, 3):
                self.tune(book, book["before"])
            if self.chance(2, 3):
                book["after"] = self.next_state(book)
        return book


def balance(compartment, asset, posted):
    return {"compartment": compartment, "asset": asset, "posted": posted, "debits": 0,
            "credits": 0, "interest": 0}


def no_curve():
    return {"initial": 0, "maintenance": 0, "initial_per_lot": 0, "maintenance_per_lot": 0,
            "tiers": [], "premium": {"scale": 0, "initial": 0, "maintenance": 0},
            "open_interest": {"lower": 0, "upper": 0}}
