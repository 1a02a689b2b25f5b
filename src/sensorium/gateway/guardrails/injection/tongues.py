"""The plainest signs in other languages: drop what you were told, show your prompt, no limits.

For each language verbs and nouns that stand close to each other, in either order, as many languages
put the verb last. Words of Latin letters are written without accents, as the text is read; others
are looked for as they are written. Lists are short: what is not in them is not found.
"""

from __future__ import annotations

from typing import Final

from sensorium.gateway.guardrails.injection.signal import Signal, signal

# language: verbs that drop | nouns of instructions | what came before, or all of it
_LATIN: Final = {
    "German": (
        r"ignorier\w*|vergiss|vergesst|vergessen sie|missacht\w*|verwirf|ubergeh\w*|umgeh\w*",
        r"anweisung\w*|vorgaben?|regeln|instruktionen|befehle?|vorschriften|richtlinien|gesagt",
        r"bisherig\w*|vorherig\w*|vorher|fruher\w*|obig\w*|alle[snm]?|samtliche\w*|oben",
    ),
    "French": (
        r"ignore[zr]?|oublie[zr]?|ne (?:tiens|tenez) (?:pas |plus )?compte|annule[zr]?",
        r"instructions|consignes|regles|directives|ordres|indications",
        r"precedente?s|anterieure?s|ci.dessus|plus haut|toutes|tout|initiales",
    ),
    "Spanish": (
        r"ignor[ae][rd]?|olvid[ae][rd]?|no (?:hagas|haga) caso|descart[ae]|omite",
        r"instrucciones|ordenes|reglas|indicaciones|directrices|normas",
        r"anteriores|previas|todas|todo|arriba|iniciales",
    ),
    "Italian": (
        r"ignora\w*|dimentica\w*|trascura|non (?:seguire|considerare)",
        r"istruzioni|regole|direttive|ordini|indicazioni",
        r"precedenti|tutte|tutto|sopra|iniziali",
    ),
    "Portuguese": (
        r"ignor[ea]\w{0,2}|esqueca|esquece|desconsidere|desconsidera",
        r"instrucoes|regras|ordens|diretrizes|comandos",
        r"anteriores|todas|tudo|acima|previas",
    ),
    "Dutch": (
        r"negeer|vergeet|sla over|volg niet",
        r"instructies|regels|opdrachten|aanwijzingen|richtlijnen",
        r"eerdere|vorige|voorgaande|alle|bovenstaande",
    ),
    "Polish": (
        r"z?ignoruj\w*|zapomnij|pomin",
        r"instrukcj\w*|polecen\w*|zasad\w*|regul\w*|wytyczn\w*",
        r"poprzedni\w*|wczesniejsz\w*|wszystk\w*|powyzsz\w*",
    ),
    "Swedish, Danish, Norwegian": (
        r"glom|glem|ignorera?|bortse fran|se bort fra",
        r"instruktion\w*|instruks\w*|regler\w*|anvisning\w*",
        r"tidigare|foregaende|tidligere|alla?|alle|ovan\w*",
    ),
    "Czech, Slovak": (
        r"ignoruj\w*|zapomen\w*|zabudni",
        r"pokyn\w*|instrukc\w*|instrukci\w*|pravidl\w*|prikaz\w*",
        r"predchozi\w*|predchadzajuc\w*|vsechn\w*|vsetk\w*|vyse",
    ),
    "Romanian": (
        r"ignora\w*|uita\w*",
        r"instructiun\w*|reguli\w*|comenzi\w*",
        r"anterioare\w*|precedente\w*|toate",
    ),
    "Turkish": (
        r"yok say\w*|gormezden gel\w*|unut\w*|dikkate alma\w*",
        r"talimat\w*|kural\w*|komut\w*|yonerge\w*",
        r"onceki|tum|butun|yukar\w*",
    ),
    "Indonesian, Malay": (
        r"abaikan|lupakan",
        r"instruksi|perintah|aturan|arahan|petunjuk",
        r"sebelumnya|semua|di atas|seluruh",
    ),
    "Vietnamese": (
        r"bo qua|quen|phot lo",
        r"huong dan|chi thi|quy tac|lenh|chi dan",
        r"truoc|tat ca|tren",
    ),
    "Hungarian, Finnish": (
        r"hagyd figyelmen kivul|felejtsd el|unohda|ohita|ala valita",
        r"utasitas\w*|szabaly\w*|ohje\w*|saan\w*|kask\w*",
        r"korabbi|elozo|osszes|minden|aiemm\w*|edellis\w*|kaikki",
    ),
}
_OTHERS: Final = {
    "Russian, Ukrainian": (
        "игнориру|проигнорируй|забудь|не обращай внимания|отмени|ігноруй|забудь",
        "инструкци|указани|правил|команд|распоряжени|інструкці|вказівк",
        "предыдущ|прежн|все|всё|выше|попередн|усі",
    ),
    "Chinese": (
        "忽略|无视|忘记|忘掉|不要理会|無視|忽視|忘記|不用管|别管",
        "指令|指示|规则|規則|提示|说明|說明|命令",
        "之前|以前|先前|上述|所有|全部|前面|以上",
    ),
    "Japanese": (
        "無視|忘れ|従わない|破棄",
        "指示|命令|ルール|規則|プロンプト|指令",
        "以前|これまで|すべて|全て|上記|前の|今まで",
    ),
    "Korean": (
        "무시|잊어|잊고|따르지",
        "지시|명령|규칙|지침|프롬프트",
        "이전|모든|위의|앞의|지금까지",
    ),
    "Arabic": (
        "تجاهل|تجاهلي|انس|انسى|تجاوز|لا تتبع",
        "التعليمات|تعليمات|القواعد|الأوامر|التوجيهات",
        "السابقة|جميع|كل|أعلاه",
    ),
    "Hindi": ("अनदेखा|नज़रअंदाज|नजरअंदाज|भूल जा|उपेक्षा", "निर्देश|नियम|आदेश", "पिछले|सभी|ऊपर|पहले"),
    "Greek": (
        "αγνόησε|αγνοήστε|ξέχασε|ξεχάστε",
        "οδηγίες|εντολές|κανόνες",
        "προηγούμεν|όλες|παραπάνω",
    ),
    "Hebrew, Persian": (
        "התעלם|שכח|נادیده|نادیده|فراموش",
        "הוראות|ההוראות|הכללים|دستور|قوانین",
        "קודמות|הקודמות|כל|قبلی|همه",
    ),
    "Thai": ("ละเว้น|เพิกเฉย|ลืม|ไม่ต้องสนใจ", "คำสั่ง|คำแนะนำ|กฎ", "ก่อนหน้า|ทั้งหมด|ข้างต้น"),
}


def _near(first: str, second: str, most: int) -> str:
    """Either order, with no end of a sentence between them."""
    gap = rf"[^.!?。！？\n]{{0,{most}}}?"
    return rf"(?:{first}){gap}(?:{second})|(?:{second}){gap}(?:{first})"


def _needs(words: str) -> str:
    """The beginnings of alternatives, which every match holds."""
    beginnings = (
        one.partition("\\")[0].partition("(")[0].partition("[")[0] for one in _split(words)
    )
    return " ".join(one.split(" ")[0].rstrip("?") for one in beginnings if one)


def _split(words: str) -> list[str]:
    depth, parts, part = 0, [], ""
    for letter in words:
        depth += (letter == "(") - (letter == ")")
        if letter == "|" and not depth:
            parts.append(part)
            part = ""
        else:
            part += letter
    return [*parts, part]


def _made() -> list[Signal]:
    made = []
    for verbs, nouns, olds in _LATIN.values():
        bound = (rf"\b(?:{verbs})\b", rf"\b(?:{nouns})\b", rf"\b(?:{olds})\b")
        needs = _needs(nouns)
        drop, old = _needs(verbs), _needs(olds)
        made.append(signal("OVERRIDE", 0.7, needs, _near(bound[0], bound[1], 60), also=drop))
        made.append(signal("EARLIER", 0.4, needs, _near(bound[2], bound[1], 25), also=old))
    for verbs, nouns, olds in _OTHERS.values():
        needs = nouns.replace("|", " ")
        made.append(signal("OVERRIDE", 0.7, needs, _near(verbs, nouns, 25), as_written=True))
        made.append(signal("EARLIER", 0.4, needs, _near(olds, nouns, 12), as_written=True))
    return made


TONGUES: Final = (
    *_made(),
    signal(
        "OWN_PROMPT",
        0.5,
        "system sistem prompt istem",
        r"\bsyste+mprompts?\b|"
        r"\bprompts? (?:de |di |do |del )?(?:systeme|sistema)\b|"
        r"\bprompt systemowy\b|\bsistem istem\w*|\bsystemova vyzva\b|"
        r"\b(?:instrucciones|instrucoes|istruzioni|instructions) (?:ocultas|secretas|nascoste|"
        r"cachees|secretes)\b|\b(?:geheim\w*|versteckt\w*) (?:anweisung\w*|instruktionen)\b",
    ),
    signal(
        "OWN_PROMPT",
        0.5,
        "системн 系统提示 系統提示 システムプロンプト 시스템 موجه سیستم सिस्टम σύστημα",
        "системн\\w* (?:промпт|подсказк|инструкци)|系统提示|系統提示|システムプロンプト|"
        "시스템\\s?프롬프트|موجه النظام|تعليمات النظام|سیستم|सिस्टम प्रॉम्प्ट",
        as_written=True,
    ),
    signal(
        "NO_LIMITS",
        0.5,
        "~ohne ~sans ~sin ~senza ~sem ~zonder ~bez ~sinir ~utan ~uden",
        r"\bohne (?:jede )?(?:einschrankung\w*|beschrankung\w*|filter|zensur|grenzen)\b|"
        r"\bsans (?:aucune? )?(?:filtre|restrictions?|limites?|censure)\b|"
        r"\bsin (?:ning\w+ )?(?:restricciones|filtros|limites|censura)\b|"
        r"\bsenza (?:alcun\w* )?(?:restrizioni|filtri|limiti|censura)\b|"
        r"\bsem (?:nenhum\w* )?(?:limites|restricoes|filtros|censura)\b|"
        r"\bzonder (?:beperkingen|filters?|grenzen)\b|\bbez ograniczen\b|\bs.n.rs.z\b|"
        r"\b(?:utan|uden) (?:begransningar|begransninger|filter)\b",
    ),
    signal(
        "NO_LIMITS",
        0.5,
        "без 没有限制 不受限制 制限 제한 بدون बिना",
        "без (?:ограничени|фильтр|цензур)|没有(?:任何)?限制|不受(?:任何)?限制|制限なし|制限なく|"
        "제한\\s?없|بدون قيود|बिना (?:किसी )?(?:प्रतिबंध|सीमा)",
        as_written=True,
    ),
)
