"""Made-up Japanese forms: nobody's names and addresses, the same ones at every run.

Names are put together from single kanji and readings, places from invented towns of the invented
prefecture 見本県, so that no form is a person's.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

SEED = 20_170_309
FORMS = 3_000

_FAMILY = tuple("見本架空例仮山川田森林野原石木松竹梅桜杉栗柳藤菊岡島浜津渡辺﨑髙")
_GIVEN = tuple("一二太郎次三花子美幸恵春夏秋冬香織翔蓮葵結悠真直樹奈々代凛陽")
_SYLLABLES = (
    *"アイウエオカキクケコガギグゲゴサシスセソザジタチツテトダドナニヌネノハヒフヘホバビブ",
    *"マミムメモヤユヨラリルレロワン",
    *("ショ", "チュ", "キョ", "ヴェ", "ッタ"),
)
_TOWNS = (
    *("桜台", "霞ヶ浦", "千石", "一ノ瀬", "虎ノ門", "緑が丘", "三ツ矢", "新町", "旭ケ丘"),
    *("中之島", "四谷", "自由が丘", "栄", "本郷", "字大沢"),
)
_BUILDINGS = (
    *("ハイツ", "コーポ", "メゾン", "グランドパレス", "パークサイド", "Tower"),
    *("ＴＨＥレジデンス", "第2ビル", "〇〇荘"),
)
_NOTES = (
    "よろしくお願いいたします。",
    "昨年度の分も、まとめて支払えますか？",
    "納付書の番号（右上）が読めません…確認番号は「１２３」です。",
    "住所を変更しました→新しい住所は上のとおりです！",
    "口座振替をやめて、カードに変えたいです（1/1から）。",
    "電話は9:00～17:00にお願いします；それ以外は×です。",
    "金額が¥12,000なのに、1,200円と書いてあります。",
    "「見本・太郎」の名義です。旧字体は﨑と髙です。",
    "①本人　②配偶者　のどちらですか。",
    "メールは受け取れます。〒番号は７桁です。",
    "保険料は100%会社負担？それとも半分ですか。",
    "子供の名前は「々」の字を使います♪",
)


def _kana(dice: random.Random, syllables: int) -> str:
    return "".join(dice.choice(_SYLLABLES) for _ in range(syllables))


def _digits(dice: random.Random, count: int) -> str:
    return "".join(str(dice.randrange(10)) for _ in range(count))


def _wide(text: str) -> str:
    return text.translate({ord(a): ord(a) + 0xFEE0 for a in "0123456789-"})


def _address(dice: random.Random) -> str:
    house = f"{dice.randint(1, 9)}-{dice.randint(1, 30)}-{dice.randint(1, 20)}"
    style = dice.randrange(4)
    if style == 0:
        house = _wide(house)
    elif style == 1:
        house = f"{dice.randint(1, 9)}丁目{dice.randint(1, 30)}番{dice.randint(1, 20)}号"
    elif style == 2:
        house = house.replace("-", "ー")
    place = f"見本県{dice.choice(_FAMILY)}{dice.choice('市町村')}{dice.choice(_TOWNS)}{house}"
    if dice.random() < 0.5:
        room = dice.choice(("101号室", "２０３", "B-12", "4階"))
        place += f"{dice.choice(('', ' ', '　'))}{dice.choice(_BUILDINGS)}{room}"
    return place


def _form(dice: random.Random) -> dict[str, str]:
    gap = dice.choice(("", " ", "　"))
    family = "".join(dice.sample(_FAMILY, dice.randint(1, 3)))
    given = "".join(dice.sample(_GIVEN, dice.randint(1, 3)))
    postal = f"{_digits(dice, 3)}-{_digits(dice, 4)}"
    phone = f"090-{_digits(dice, 4)}-{_digits(dice, 4)}"
    if dice.random() < 0.3:
        postal, phone = _wide(postal), _wide(phone)
    birth = f"{dice.randint(1930, 2005)}-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}"
    return {
        "name": family + gap + given,
        "kana": _kana(dice, dice.randint(2, 4)) + gap + _kana(dice, dice.randint(2, 4)),
        "birth_date": birth,
        "postal_code": postal,
        "address": _address(dice),
        "phone": phone,
        "email": f"mihon.{_digits(dice, 4)}+tax@example.jp",
        "policy_number": f"{_digits(dice, 4)} {_digits(dice, 6)}",
        "note": dice.choice(_NOTES) + dice.choice(("", "\r\n" + dice.choice(_NOTES))),
    }


def japanese_forms() -> Iterator[dict[str, str]]:
    """The corpus: FORMS forms from SEED."""
    dice = random.Random(SEED)
    for _ in range(FORMS):
        yield _form(dice)
