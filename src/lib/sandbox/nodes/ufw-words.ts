/** Words of `ufw` in the languages that its catalogues have for them, chosen as gettext does: LANGUAGE before everything. What it does not translate stays English. */
export const ufwWords = String.raw`
w_active='Status: active'; w_inactive='Status: inactive'; w_logging='Logging:'; w_default='Default:'; w_profiles='New profiles:'
w_in=incoming; w_out=outgoing; w_routed=routed; w_none='(None)'
w_added="Added user rules (see 'ufw status' for running firewall):"
w_head='To                         Action      From'; w_line='--                         ------      ----'
case $LANGUAGE in
  de*) w_default='Voreinstellung:'; w_in=eingehend; w_out=abgehend; w_routed=gesendet; w_none='(Keine)'
    w_added='Benutzerregeln hinzugefügt (siehe »ufw status« für aktive Firewall):'
    w_head='Zu                         Aktion      Von'; w_line='--                         ------      ---' ;;
  fr*) w_active='État : actif'; w_inactive='État : inactif'; w_logging='Journalisation :'; w_profiles='Nouveaux profils :'; w_none='(Aucun)'
    w_added="Règles utilisateur ajoutées (voir 'ufw status' pour le pare-feu en cours) :"
    w_head='Vers                       Action      De'; w_line='----                       ------      --' ;;
  ru*) w_active='Состояние: активен'; w_inactive='Состояние: неактивен'; w_logging='Журналирование:'; w_profiles='Новые профили:'; w_none='(Отсутствует)'
    w_added="Добавленные правила пользователя (см. 'ufw status' межсетевого экрана):"
    w_head='В                          Действие    Из'; w_line='-                          --------    --' ;;
esac
defaults() {
  policy=$(cat "$dir/default"); rest=${'$'}{policy#* (incoming), }
  echo "$w_logging $(cat "$dir/logging")"
  echo "$w_default ${'$'}{policy%% *} ($w_in), ${'$'}{rest%% *} ($w_out), disabled ($w_routed)"
  echo "$w_profiles skip"
}
`
