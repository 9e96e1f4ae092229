"""What each fault is called and what to do about it, in Japanese and English."""

from __future__ import annotations

from typing import NamedTuple

from sekisho.bill_files.errors import Problem


class Told(NamedTuple):
    """A fault in words: what is wrong, and what to do."""

    what: str
    to_do: str


class _Sentence(NamedTuple):
    en: str
    en_to_do: str
    ja: str
    ja_to_do: str


SENTENCES: dict[str, _Sentence] = {
    # the file
    "file_empty": _Sentence(
        "The file is empty.", "Export it again with its heading line.",
        "ファイルが空です。", "見出し行を含めて出力し直してください。"),
    "file_too_large": _Sentence(
        "The file is larger than {most_megabytes} MB.", "Split it into several files.",
        "ファイルが{most_megabytes}MBを超えています。", "複数のファイルに分けてください。"),
    "too_many_rows": _Sentence(
        "The file has more than {most} rows.", "Split it into several files.",
        "行数が{most}行を超えています。", "複数のファイルに分けてください。"),
    "file_is_spreadsheet": _Sentence(
        "This is a spreadsheet or an archive, not a CSV file.",
        "Save it as “CSV UTF-8” and hand that file in.",
        "CSVではなく、表計算ファイルまたは圧縮ファイルです。",
        "「CSV UTF-8」形式で保存し、そのファイルを渡してください。"),
    "file_is_utf16": _Sentence(
        "The file is UTF-16 text.", "Save it as “CSV UTF-8”.",
        "文字コードがUTF-16です。", "「CSV UTF-8」形式で保存してください。"),
    "encoding_unknown": _Sentence(
        "The file is neither all UTF-8 nor all Shift_JIS: as {nearest}, this line can't be read.",
        "Repair this line, or name the encoding to see every line that breaks it.",
        "ファイル全体がUTF-8でもShift_JISでもありません（{nearest}としてこの行が読めません）。",
        "この行を直すか、文字コードを指定して該当行を確かめてください。"),
    "separator_wrong": _Sentence(
        "The columns are separated by {found}, not by commas.", "Save the file as CSV.",
        "列の区切りがコンマではなく{found}です。", "CSV形式で保存してください。"),
    "headings_missing": _Sentence(
        "The heading line has no column for: {names}.",
        "Add the column; the documentation lists the names.",
        "見出し行に次の列がありません：{names}。",
        "列を追加してください。列名は説明書にあります。"),
    "headings_unknown": _Sentence(
        "The heading line has columns that are not known: {names}.",
        "Remove or rename them, so that nothing is left out by mistake.",
        "見出し行に知らない列があります：{names}。",
        "取り違えを防ぐため、その列を削除するか名前を直してください。"),
    "headings_repeated": _Sentence(
        "The heading line names a column twice: {names}.", "Keep one of them.",
        "見出し行に同じ列が二つあります：{names}。", "一つだけ残してください。"),
    "file_changed": _Sentence(
        "The file changed while it was read; nothing was taken.", "Start again.",
        "読み取り中にファイルが変わったため、何も取り込みませんでした。",
        "もう一度実行してください。"),
    "too_many_repeats": _Sentence(
        "More than {most} rows stand twice.", "Check how the file was made.",
        "重複する行が{most}行を超えています。", "ファイルの作り方を確かめてください。"),
    # the line
    "line_too_long": _Sentence(
        "The line is longer than {most} characters.",
        "Check that line breaks are in place and no quotation mark is left open.",
        "1行が{most}文字を超えています。",
        "改行の欠けや引用符の閉じ忘れがないか確かめてください。"),
    "quote_open": _Sentence(
        "A quotation mark is wrong, or a field holds a line break.",
        "Put each row on one line, and write a quotation mark inside a field twice.",
        "引用符の使い方が誤っているか、項目内に改行があります。",
        "1件を1行にし、項目内の引用符は二つ重ねてください。"),
    "fields_missing": _Sentence(
        "The line has {found} fields where the heading line has {wanted}.",
        "Complete the line; write an empty field as two commas.",
        "項目が{found}個しかありません（見出しは{wanted}個）。",
        "行を補ってください。空の項目もコンマで区切ります。"),
    "fields_too_many": _Sentence(
        "The line has {found} fields where the heading line has {wanted}.",
        "Put fields that hold a comma, such as 1,234, between quotation marks.",
        "項目が{found}個あります（見出しは{wanted}個）。",
        "1,234のようにコンマを含む項目は引用符で囲んでください。"),
    "repeated_row": _Sentence(
        "The same row stands already in line {other}.", "Remove one of the two.",
        "同じ内容の行が{other}行目にあります。", "どちらか一方を削除してください。"),
    "conflicting_rows": _Sentence(
        "Line {other} has the same number with other contents.",
        "Find out which is right and remove the other.",
        "{other}行目に、番号が同じで内容の異なる行があります。",
        "正しい方を確かめ、もう一方を削除してください。"),
    # the field
    "missing": _Sentence(
        "The field is empty.", "Fill it in.",
        "空欄です。", "記入してください。"),
    "characters_unreadable": _Sentence(
        "The field holds bytes that are no characters in {encoding}.",
        "Save the file again in one encoding.",
        "{encoding}として読めない文字があります。", "一つの文字コードで保存し直してください。"),
    "characters_invisible": _Sentence(
        "The field holds an invisible control character (U+{point}).",
        "Type the text anew without it.",
        "目に見えない制御文字（U+{point}）があります。", "その文字を除いて入力し直してください。"),
    "characters_private": _Sentence(
        "The field holds a locally made character (U+{point}) that others can't show.",
        "Write it with a standard character or in kana.",
        "外字（U+{point}）があり、ほかでは表示できません。", "標準の文字か仮名で書いてください。"),
    "text_too_long": _Sentence(
        "The text has {found} characters; {most} are allowed.", "Shorten it.",
        "{found}文字あります（上限{most}文字）。", "短くしてください。"),
    "looks_like_card_number": _Sentence(
        "The text holds what looks like a card number.",
        "Remove it: no card number may stand in this file.",
        "カード番号らしい数字があります。",
        "削除してください。このファイルにカード番号を書いてはいけません。"),
    "not_digits": _Sentence(
        "The field holds something that is not a digit.", "Write digits only.",
        "数字以外の文字があります。", "数字だけを書いてください。"),
    "wrong_length": _Sentence(
        "The number has {found} digits; it must have {wanted}.",
        "Check the number; a spreadsheet may have dropped zeros at its front.",
        "{found}桁です（{wanted}桁が必要）。",
        "番号を確かめてください。表計算ソフトが先頭の0を落とした可能性があります。"),
    "amount_unreadable": _Sentence(
        "The amount can't be read.", "Write whole yen, such as 12345 or \"12,345\".",
        "金額を読み取れません。", "12345または\"12,345\"のように円単位の整数で書いてください。"),
    "amount_out_of_bounds": _Sentence(
        "The amount must be from {least} to {most} yen.", "Check the figure.",
        "金額は{least}円から{most}円までです。", "金額を確かめてください。"),
    "number_out_of_bounds": _Sentence(
        "The number must be from {least} to {most}.", "Check the figure.",
        "{least}から{most}までの数にしてください。", "数を確かめてください。"),
    "date_unreadable": _Sentence(
        "The date can't be read.", "Write it like 2026-04-01, 2026/4/1 or 令和8年4月1日.",
        "日付を読み取れません。", "2026-04-01、2026/4/1、令和8年4月1日のように書いてください。"),
    "date_impossible": _Sentence(
        "There is no such day in the calendar.", "Check year, month and day.",
        "暦にない日付です。", "年月日を確かめてください。"),
    "era_impossible": _Sentence(
        "This day is not in the era {era}.", "Check era and year.",
        "{era}の期間にない日付です。", "元号と年を確かめてください。"),
    "date_out_of_bounds": _Sentence(
        "The date must be from {least} to {most}.", "Check the year.",
        "日付は{least}から{most}までです。", "年を確かめてください。"),
    "moment_unreadable": _Sentence(
        "The date and time can't be read.", "Write it like 2026-04-01 09:00 (Japan time).",
        "日時を読み取れません。", "2026-04-01 09:00（日本時間）のように書いてください。"),
    "year_unreadable": _Sentence(
        "The fiscal year can't be read.", "Write it like 2026 or 令和8年度.",
        "年度を読み取れません。", "2026または令和8年度のように書いてください。"),
    "yes_no_unreadable": _Sentence(
        "The field must say yes or no.", "Write 1 for yes, 0 or nothing for no.",
        "「はい」か「いいえ」で答える項目です。",
        "はいは1、いいえは0または空欄にしてください。"),
    "days_out_of_order": _Sentence(
        "This day lies before {earlier}.", "Check both.",
        "{earlier}より前の日付です。", "両方を確かめてください。"),
    # said by payments, which knows what was handed in and paid before
    "payee_unknown": _Sentence(
        "This payee number is not one of this client body's sites.", "Check the number.",
        "この団体の収納機関番号ではありません。", "番号を確かめてください。"),
    "bill_unknown": _Sentence(
        "There is no such bill to withdraw.", "Check the number, or remove the row.",
        "取り消す納付情報がありません。", "番号を確かめるか、この行を削除してください。"),
    "bill_paid": _Sentence(
        "The bill is paid; it stays as it was.", "Remove the row, or refund the payment first.",
        "すでに納付されているため、変更できません。",
        "この行を削除してください。返金が必要な場合は先に手続きをしてください。"),
    "bill_in_payment": _Sentence(
        "The bill is being paid at this moment.", "Hand the row in again tomorrow.",
        "納付の手続き中のため、変更できません。", "翌日にもう一度取り込んでください。"),
    "refused_by_payments": _Sentence(
        "{detail}", "Check this row against what was handed in earlier.",
        "{detail}", "以前に渡した内容と照らし合わせてください。"),
}  # fmt: skip


SAID_BY_PAYMENTS = frozenset({"payee_unknown", "bill_unknown", "bill_paid", "bill_in_payment"})
"""Codes of payments that have a sentence of their own here; others are shown as payments says."""


def tell(problem: Problem, language: str) -> Told:
    """Return ``problem`` in words for people; ``language`` is ``ja`` or ``en``."""
    sentence = SENTENCES[problem.code]
    if language == "ja":
        return Told(sentence.ja.format(**problem.facts), sentence.ja_to_do)
    return Told(sentence.en.format(**problem.facts), sentence.en_to_do)
