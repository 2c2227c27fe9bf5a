// The demo's people. Whoever can reach this machine's loopback can be any of them.
export const PEOPLE = [
  { sub: 'demo-uma', name: 'Uma', shop: 'Demo shop', groups: ['upholsterer'], does: 'upholsterer: the apps' },
  { sub: 'demo-tom', name: 'Tom', shop: 'Demo shop', groups: ['technician'], does: 'technician: JupyterLab' },
  { sub: 'demo-mara', name: 'Mara', shop: 'Demo shop', groups: ['manager'], does: 'manager: people, fabrics, prices' },
  { sub: 'demo-ada', name: 'Ada', shop: 'Demo shop', groups: ['admin'], does: 'administers the installation' },
  { sub: 'demo-otto', name: 'Otto', shop: 'Other shop', groups: ['technician'], does: 'technician of another shop' },
  { sub: 'demo-nils', name: 'Nils', shop: '', groups: [], does: 'has no group: is refused' },
];
