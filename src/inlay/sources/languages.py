"""The languages of fastText's vectors, as its own pages and programs list them.

`CRAWL` is `valid_lang_ids` of fastText's `util.py`: 158 codes, for what its pages call 157
languages. `WIKI` and `ALIGNED` are the tables of its pages "Wiki word vectors" and "Aligned word
vectors".
"""

CRAWL = tuple(
    """af als am an ar arz as ast az azb ba bar bcl be bg bh bn bo bpy br bs ca ce ceb ckb co cs cv
    cy da de diq dv el eml en eo es et eu fa fi fr frr fy ga gd gl gom gu gv he hi hif hr hsb ht hu
    hy ia id ilo io is it ja jv ka kk km kn ko ku ky la lb li lmo lt lv mai mg mhr min mk ml mn mr
    mrj ms mt mwl my myv mzn nah nap nds ne new nl nn no nso oc or os pa pam pfl pl pms pnb ps pt qu
    rm ro ru sa sah sc scn sco sd sh si sk sl so sq sr su sv sw ta te tg th tk tl tr tt ug uk ur uz
    vec vi vls vo wa war xmf yi yo zea zh""".split()
)
WIKI = tuple(
    """aa ab ace ady af ak als am an ang ar arc arz as ast av ay az azb ba bar bat_smg bcl be bg bh
    bi bjn bm bn bo bpy br bs bug bxr ca cbk_zam cdo ce ceb ch cho chr chy ckb co cr crh cs csb cu
    cv cy da de diq dsb dv dz ee el eml en eo es et eu ext fa ff fi fiu_vro fj fo fr frp frr fur fy
    ga gag gan gd gl glk gn gom got gu gv ha hak haw he hi hif ho hr hsb ht hu hy hz ia id ie ig ii
    ik ilo io is it iu ja jam jbo jv ka kaa kab kbd kg ki kj kk kl km kn ko koi kr krc ks ksh ku kv
    kw ky la lad lb lbe lez lg li lij lmo ln lo lrc lt ltg lv mai map_bms mdf mg mh mhr mi min mk ml
    mn mo mr mrj ms mt mus mwl my myv mzn na nah nap nds nds_nl ne new ng nl nn no nov nrm nso nv ny
    oc olo om or os pa pag pam pap pcd pdc pfl pi pih pl pms pnb pnt ps pt qu rm rmy rn ro roa_rup
    roa_tara ru rue rw sa sah sc scn sco sd se sg sh si simple sk sl sm sn so sq sr srn ss st stq su
    sv sw szl ta tcy te tet tg th ti tk tl tn to tpi tr ts tt tum tw ty tyv udm ug uk ur uz ve vec
    vep vi vls vo wa war wo wuu xal xh xmf yi yo za zea zh zh_classical zh_min_nan zh_yue
    zu""".split()
)
ALIGNED = tuple(
    """af ar bg bn bs ca cs da de el en es et fa fi fr he hi hr hu id it ko lt lv mk ms nl no pl pt
    ro ru sk sl sq sv ta th tl tr uk vi zh""".split()
)
# What speakers and others call those that are asked for most.
SPOKEN = {
    "ar": "Arabic العربية",
    "cs": "Czech čeština",
    "da": "Danish dansk",
    "de": "German Deutsch",
    "el": "Greek ελληνικά",
    "en": "English",
    "es": "Spanish español",
    "fa": "Persian فارسی",
    "fi": "Finnish suomi",
    "fr": "French français",
    "he": "Hebrew עברית",
    "hi": "Hindi हिन्दी",
    "hu": "Hungarian magyar",
    "id": "Indonesian Bahasa Indonesia",
    "it": "Italian italiano",
    "ja": "Japanese 日本語",
    "ko": "Korean 한국어",
    "nl": "Dutch Nederlands",
    "no": "Norwegian norsk",
    "pl": "Polish polski",
    "pt": "Portuguese português",
    "ro": "Romanian română",
    "ru": "Russian русский",
    "sv": "Swedish svenska",
    "th": "Thai ไทย",
    "tr": "Turkish Türkçe",
    "uk": "Ukrainian українська",
    "vi": "Vietnamese Tiếng Việt",
    "zh": "Chinese 中文 汉语",
}
