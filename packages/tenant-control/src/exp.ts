import { openInstallation, operator } from './testing/installation.ts';
import { readFileSync } from 'node:fs';
await using i = await openInstallation({ serverUrl: readFileSync('/tmp/pw/url','utf8') });
for (let n=0;n<5;n++) { const t=performance.now(); await i.control.provisionTenant({slug:`seq-${n}`,name:'x'},{actor:operator}); console.log((performance.now()-t).toFixed(1)); }
const N=Number(process.argv[2]??60);
const t=performance.now();
const r=await Promise.allSettled(Array.from({length:N},(_, n)=>i.control.provisionTenant({slug:`par-${n}`,name:'x', firstOwner:{email:'a@b.example',name:'A'}},{actor:operator})));
console.log('ok', r.filter(x=>x.status==='fulfilled').length, performance.now()-t, r.find(x=>x.status==='rejected'));
console.log(await i.query('select status,count(*)::int from tenants group by 1'));
